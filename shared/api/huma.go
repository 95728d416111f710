package api

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"minifb/shared/rules"
)

// maxViolations is how many violations a response names.
const maxViolations = 8

// huma is configured by global variables where its Config has no field. These are set once, before
// any API is made.
func init() {
	// The contract makes "Content" another key than "content".
	huma.ValidateStrictCasing = true
	huma.ErrorFormatter = formatRule
	huma.NewError = newHumaError
	huma.NewErrorWithContext = newInputError
	validation.MsgUnexpectedProperty = unexpected
	validation.MsgExpectedObject = "a JSON object"
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

// newInputError returns the response to a request that huma refuses, because a parameter or a field
// breaks its rule.
func newInputError(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
	var violations []error
	for _, err := range errs {
		d, ok := errors.AsType[*huma.ErrorDetail](err)
		if !ok {
			continue
		}
		location, message := wholeRule(d, func(location string) *huma.Schema {
			return schemaAt(ctx.Operation(), location)
		})
		if !hasViolation(violations, location) { // a value may break its rule in two ways
			violations = append(violations, &huma.ErrorDetail{Location: location, Message: message})
		}
	}
	return newHumaError(status, message, violations...)
}

// schemaAt returns the schema of a parameter or a field, such as path.id or body.content; nil if
// there is none.
func schemaAt(operation *huma.Operation, location string) *huma.Schema {
	for _, parameter := range operation.Parameters {
		if location == parameter.In+"."+parameter.Name {
			return parameter.Schema
		}
	}
	body, _ := operation.Metadata[bodyKey].(bodyRules)
	if body.schema == nil || !strings.HasPrefix(location, "body.") {
		return nil
	}
	return body.at(location)
}

// bodyKey is the key of the bodyRules in an operation's metadata.
const bodyKey = "body"

// bodyRules are the schema of a body, and the schemas that it refers to.
type bodyRules struct {
	schema   *huma.Schema
	registry huma.Registry
}

// at returns the schema of the value at a path such as body.inner.tags[0]; nil if there is none.
func (b bodyRules) at(jsonPath string) *huma.Schema {
	s := b.schema
	for i, name := range strings.Split(jsonPath, ".") {
		name, indices, _ := strings.Cut(name, "[")
		for s != nil && s.Ref != "" {
			s = b.registry.SchemaFromRef(s.Ref)
		}
		if i > 0 && s != nil {
			s = s.Properties[name]
		}
		if s != nil && indices != "" {
			s = s.Items
		}
	}
	return s
}

// newHumaError returns the response to input that breaks a rule. The contract wants 400 for it, and
// not huma's 422.
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

var missing = regexp.MustCompile(`^expected required property (\S+) to be present$`)

// wholeRule returns the location and the message of a violation. Where huma names the part of the
// rule that is broken, the message has the whole rule of the schema: "10 to 100 characters". huma
// gives the location of the object for a missing field.
func wholeRule(d *huma.ErrorDetail, schemaAt func(location string) *huma.Schema) (location, message string) {
	location, message = d.Location, d.Message
	match := missing.FindStringSubmatch(message)
	if match != nil {
		location, message = location+"."+match[1], "is missing"
	}
	if !strings.HasPrefix(d.Message, "expected ") && !strings.HasPrefix(d.Message, "invalid ") {
		return location, message
	}
	rule := ""
	if schema := schemaAt(location); schema != nil {
		rule = rules.Describe(schema)
	}
	switch {
	case rule == "":
		return location, message
	case match != nil:
		return location, rule + " (missing)"
	case d.Message == validation.MsgExpectedString:
		return location, rule + ", as a string"
	}
	return location, rule
}

// hasViolation reports whether one of the violations is at this location.
func hasViolation(violations []error, location string) bool {
	return slices.ContainsFunc(violations, func(violation error) bool {
		d, ok := errors.AsType[*huma.ErrorDetail](violation)
		return ok && d.Location == location
	})
}
