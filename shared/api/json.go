package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxDepth is how deep arrays and objects may nest in a request.
	maxDepth = 32
	// maxFaults is how many faults one answer names.
	maxFaults = 8
)

// strictJSON decodes what checkJSON has let through. Integers are written as such: 1, and neither 1.0 nor "1".
var strictJSON = huma.Format{
	Marshal:   func(w io.Writer, v any) error { return json.MarshalWrite(w, v) },
	Unmarshal: unmarshal,
}

func unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if err == nil {
		return nil
	}
	// The library's own text may hold the value.
	var semantic *json.SemanticError
	if errors.As(err, &semantic) && semantic.JSONPointer != "" {
		return fmt.Errorf("has a value of the wrong type or size at %s", strings.TrimPrefix(string(semantic.JSONPointer), "/"))
	}
	return errors.New("has a value of the wrong type or size")
}

// A checker walks a body once and refuses what lenient decoders let through: duplicate, unknown and wrongly cased names,
// null where only leaving out is allowed, trailing data, invalid UTF-8, lone surrogates, U+0000 and deep nesting. What it
// names of the body is its keys, never a value.
type checker struct {
	decoder  *jsontext.Decoder
	registry huma.Registry
	faults   []error
}

// checkJSON answers the faults of a body along its schema; a nil one allows all names.
func checkJSON(data []byte, schema *huma.Schema, registry huma.Registry) []error {
	c := checker{decoder: jsontext.NewDecoder(bytes.NewBuffer(data)), registry: registry}
	if err := c.value("body", schema); err != nil {
		return []error{err}
	}
	if _, err := c.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return []error{&huma.ErrorDetail{Location: "body", Message: "has more after the first JSON value; send one alone"}}
	}
	if len(c.faults) > 0 {
		c.rules(data, schema)
	}
	return c.faults
}

// rules adds the fields that break a rule of the schema to the faults found so far: huma will not come to look for them, and
// one answer is to name all.
func (c *checker) rules(data []byte, schema *huma.Schema) {
	var body any
	if err := unmarshal(data, &body); err != nil {
		return
	}
	path, broken := huma.NewPathBuffer(nil, 0), huma.ValidateResult{}
	path.Push("body")
	huma.Validate(c.registry, schema, path, huma.ModeWriteToServer, body, &broken)
	for _, err := range broken.Errors {
		if d, ok := errors.AsType[*huma.ErrorDetail](err); ok && d.Message != unexpected && !c.named(d.Location) {
			c.fault(d.Location, d.Message)
		}
	}
}

// named tells whether a fault was found at this place.
func (c *checker) named(place string) bool {
	return slices.ContainsFunc(c.faults, func(fault error) bool {
		d, ok := errors.AsType[*huma.ErrorDetail](fault)
		return ok && d.Location == place
	})
}

// unexpected is what is wrong with a key that the schema does not have, in huma's words.
var unexpected = validation.MsgUnexpectedProperty

// value reads the next value and all within it. Its error ends the walk.
func (c *checker) value(place string, s *huma.Schema) error {
	for s != nil && s.Ref != "" {
		s = c.registry.SchemaFromRef(s.Ref)
	}
	token, err := c.token(place)
	if err != nil {
		return err
	}
	switch token.Kind() {
	case '{':
		for c.decoder.PeekKind() != '}' {
			if err := c.member(place, s); err != nil {
				return err
			}
		}
		_, err = c.token(place)
	case '[':
		var items *huma.Schema
		if s != nil {
			items = s.Items
		}
		for n := 0; c.decoder.PeekKind() != ']'; n++ {
			if err := c.value(place+"["+strconv.Itoa(n)+"]", items); err != nil {
				return err
			}
		}
		_, err = c.token(place)
	}
	return err
}

// member reads a name and its value.
func (c *checker) member(place string, object *huma.Schema) error {
	token, err := c.token(place)
	if err != nil {
		return err
	}
	name := token.String()
	place += "." + shown(name)
	var property *huma.Schema
	if object != nil && object.Type == huma.TypeObject {
		property = object.Properties[name]
		if property == nil && object.AdditionalProperties == false {
			c.fault(place, unexpected)
		}
	}
	if property != nil && !property.Nullable && !object.Nullable && c.decoder.PeekKind() == 'n' && !slices.Contains(object.Required, name) {
		c.fault(place, "must not be null; leave it out instead")
	}
	return c.value(place, property)
}

func (c *checker) fault(place, message string) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, &huma.ErrorDetail{Location: place, Message: message})
	}
}

// token reads the next token of the value at place. Its error is a fault that says where it is.
func (c *checker) token(place string) (jsontext.Token, error) {
	token, err := c.decoder.ReadToken()
	if err == nil && token.Kind() == '"' && strings.ContainsRune(token.String(), 0) {
		return token, &huma.ErrorDetail{Location: place, Message: "holds the character U+0000, which cannot be stored; leave it out"}
	}
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntactic) && errors.Is(err, jsontext.ErrDuplicateName):
		return token, &huma.ErrorDetail{Location: place + "." + shown(syntactic.JSONPointer.LastToken()), Message: "is there twice; name each key once"}
	case err != nil:
		return token, &huma.ErrorDetail{Location: "body", Message: fmt.Sprintf("is not well-formed JSON in UTF-8 near byte %d", c.decoder.InputOffset())}
	case c.decoder.StackDepth() > maxDepth:
		return token, &huma.ErrorDetail{Location: "body", Message: fmt.Sprintf("nests deeper than %d levels", maxDepth)}
	}
	return token, nil
}

var plain = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// shown is a name as a hint may show it, whatever its sender put there.
func shown(name string) string {
	if plain.MatchString(name) {
		return name
	}
	if runes := []rune(name); len(runes) > 40 {
		name = string(runes[:40]) + "…"
	}
	return strconv.QuoteToGraphic(name)
}
