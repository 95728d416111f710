package rules

import (
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Describe returns the whole rule of a field, as a hint has it: "10 to 100 characters", or "1 to 85
// characters, or null". It returns "" if the schema has no rule but its type.
func Describe(s *huma.Schema) string {
	var parts []string
	switch {
	case len(s.Enum) > 0:
		values := make([]string, len(s.Enum))
		for i, value := range s.Enum {
			values[i] = fmt.Sprint(value)
		}
		parts = append(parts, strings.Join(values, " or "))
	case s.Type == huma.TypeString:
		parts = describeText(s)
	case s.Type == huma.TypeInteger:
		parts = append(parts, "a whole number"+describeRange(s))
	case s.Type == huma.TypeBoolean:
		parts = append(parts, "true or false")
	}
	if s.Nullable && len(parts) > 0 {
		parts = append(parts, "or null")
	}
	return strings.Join(parts, ", ")
}

func describeText(s *huma.Schema) (parts []string) {
	if s.MinLength != nil && s.MaxLength != nil {
		parts = append(parts, fmt.Sprintf("%d to %d characters", *s.MinLength, *s.MaxLength))
	}
	if s.PatternDescription != "" {
		parts = append(parts, s.PatternDescription)
	}
	if s.MinLength == nil && s.MaxLength != nil {
		parts = append(parts, fmt.Sprintf("at most %d characters", *s.MaxLength))
	}
	return parts
}

func describeRange(s *huma.Schema) string {
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		return fmt.Sprintf(" from %.0f to %.0f", *s.Minimum, *s.Maximum)
	case s.Minimum != nil:
		return fmt.Sprintf(" of at least %.0f", *s.Minimum)
	}
	return ""
}
