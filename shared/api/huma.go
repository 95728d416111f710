package api

import (
	"errors"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// maxViolations is how many violations a response names.
const maxViolations = 8

// huma is configured by global variables where its Config has no field. The three below are set
// once, before any API is made.
func init() {
	// The contract makes "Content" another key than "content".
	huma.ValidateStrictCasing = true
	huma.ErrorFormatter = formatRule
	huma.NewError = newHumaError
}

// formatRule formats the rule that a field breaks. huma would add the parser's error to the rule of
// a format, such as that of "date-time"; that error quotes the value, which a hint never does.
func formatRule(format string, args ...any) string {
	if len(args) == 1 {
		if _, ok := args[0].(error); ok {
			return strings.TrimSuffix(format, ": %v")
		}
	}
	return fmt.Sprintf(format, args...)
}

// newHumaError returns the response to a request that huma refuses: its input breaks a rule. The
// contract wants 400 for it, and not huma's 422.
func newHumaError(_ int, message string, errs ...error) huma.StatusError {
	if hint := violationsHint(errs); hint != "" {
		message = hint
	}
	return InvalidInput.With(message)
}

// violationsHint names each violation's field and its rule. It never holds a value.
func violationsHint(violations []error) string {
	var hints []string
	for _, violation := range violations {
		if d, ok := errors.AsType[*huma.ErrorDetail](violation); ok {
			hints = append(hints, fieldName(d.Location)+": "+d.Message)
		}
	}
	if more := len(hints) - maxViolations; more > 0 {
		hints = append(hints[:maxViolations], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(hints, "; ")
}

// fieldName returns a field's name as the client knows it: body.content is content.
func fieldName(location string) string {
	_, name, nested := strings.Cut(location, ".")
	if !nested {
		return location
	}
	return name
}
