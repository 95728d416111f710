package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"
)

// A Shape says what a JSON value has to be. It returns what is wrong with a value, or "".
type Shape func(value any) string

// Object has exactly these members.
func Object(members map[string]Shape) Shape { return object(members, true) }

// AtLeast has these members and may have others.
func AtLeast(members map[string]Shape) Shape { return object(members, false) }

func object(members map[string]Shape, exactly bool) Shape {
	return func(value any) string {
		in, ok := value.(map[string]any)
		if !ok {
			return fmt.Sprintf("is %s, not an object", kind(value))
		}
		for _, name := range slices.Sorted(maps.Keys(members)) {
			member, ok := in[name]
			if !ok {
				return "has no member " + name
			}
			if problem := members[name](member); problem != "" {
				return name + " " + problem
			}
		}
		for _, name := range slices.Sorted(maps.Keys(in)) {
			if members[name] == nil && exactly {
				return "has a member " + name + ", which is not documented"
			}
		}
		return ""
	}
}

// With returns the members of an object and others.
func With(members, others map[string]Shape) map[string]Shape {
	all := maps.Clone(members)
	maps.Copy(all, others)
	return all
}

// List is an array of items.
func List(item Shape) Shape {
	return func(value any) string {
		items, ok := value.([]any)
		if !ok {
			return fmt.Sprintf("is %s, not an array", kind(value))
		}
		for i, value := range items {
			if problem := item(value); problem != "" {
				return fmt.Sprintf("[%d] %s", i, problem)
			}
		}
		return ""
	}
}

// MapOf is an object whose names match a pattern and whose values are all of one shape.
func MapOf(names *regexp.Regexp, member Shape) Shape {
	return func(value any) string {
		in, ok := value.(map[string]any)
		if !ok {
			return fmt.Sprintf("is %s, not an object", kind(value))
		}
		for name, value := range in {
			if !names.MatchString(name) {
				return "has a member " + name
			}
			if problem := member(value); problem != "" {
				return name + " " + problem
			}
		}
		return ""
	}
}

// OrNull is null or of a shape.
func OrNull(shape Shape) Shape {
	return func(value any) string {
		if value == nil {
			return ""
		}
		return shape(value)
	}
}

// Number is a number of at least this value.
func Number(least float64) Shape {
	return func(value any) string {
		number, ok := value.(json.Number)
		n, err := number.Float64()
		if !ok || err != nil || n < least {
			return fmt.Sprintf("is %s, not a number of at least %v", encoded(value), least)
		}
		return ""
	}
}

// Between is a whole number in a range.
func Between(least, most int64) Shape {
	return func(value any) string {
		number, ok := value.(json.Number)
		n, err := number.Int64()
		if !ok || err != nil || n < least || n > most {
			return fmt.Sprintf("is %s, not a whole number from %d to %d", encoded(value), least, most)
		}
		return ""
	}
}

// Text is a string that matches a pattern.
func Text(pattern string) Shape {
	compiled := regexp.MustCompile(pattern)
	return func(value any) string {
		text, ok := value.(string)
		if !ok || !compiled.MatchString(text) {
			return fmt.Sprintf("is %s, not a string like %s", encoded(value), pattern)
		}
		return ""
	}
}

// Bool is true or false.
func Bool(value any) string {
	if _, ok := value.(bool); !ok {
		return fmt.Sprintf("is %s, not true or false", encoded(value))
	}
	return ""
}

// Time is an RFC 3339 time in UTC with microseconds.
func Time(value any) string {
	text, _ := value.(string)
	if _, err := time.Parse("2006-01-02T15:04:05.000000Z", text); err != nil {
		return fmt.Sprintf("is %s, not a time in UTC with microseconds", encoded(value))
	}
	return ""
}

// Anything is any value.
func Anything(any) string { return "" }

func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "an array"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	}
	return "a number"
}
