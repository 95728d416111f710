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
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth is how deep arrays and objects may nest in a request.
const maxDepth = 32

// strictJSON is the format of bodies. It decodes what checkJSON has accepted. An integer is written
// as one: 1, and neither 1.0 nor "1".
var strictJSON = huma.Format{
	Marshal:   marshal,
	Unmarshal: unmarshal,
}

// An appender appends its own JSON to b, faster than package json writes the same.
type appender interface{ AppendJSON(b []byte) []byte }

// marshal writes v as package json does. What appends itself is appended to the buffer of w, if w has one.
func marshal(w io.Writer, v any) error {
	var b []byte
	if buffer, ok := w.(interface{ AvailableBuffer() []byte }); ok {
		b = buffer.AvailableBuffer()
	}
	switch v := v.(type) {
	case appender:
		_, err := w.Write(v.AppendJSON(b))
		return err
	case interface{ appendJSON(b []byte) ([]byte, bool) }: // a List
		if text, ok := v.appendJSON(b); ok {
			_, err := w.Write(text)
			return err
		}
	}
	return json.MarshalWrite(w, v)
}

// unmarshal is json.Unmarshal, with errors that never hold a value.
func unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if err == nil {
		return nil
	}
	const message = "has a value of the wrong type or size"
	var semantic *json.SemanticError
	if errors.As(err, &semantic) && semantic.JSONPointer != "" {
		return errors.New(message + " at " + strings.TrimPrefix(string(semantic.JSONPointer), "/"))
	}
	return errors.New(message)
}

// A checker walks once through a body and finds what lenient decoders accept: duplicate, unknown
// and wrongly cased keys, null for what may only be left out, trailing data, invalid UTF-8, lone
// surrogates, U+0000, and deep nesting. Its violations name keys of the body, and never a value.
type checker struct {
	decoder    *jsontext.Decoder
	registry   huma.Registry
	violations []error // *huma.ErrorDetail
}

// checkJSON returns the violations of a body, given its schema. A nil schema allows all keys.
func checkJSON(data []byte, schema *huma.Schema, registry huma.Registry) []error {
	c := checker{decoder: jsontext.NewDecoder(bytes.NewBuffer(data)), registry: registry}
	if err := c.value("body", schema); err != nil {
		return []error{err}
	}
	if _, err := c.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return []error{&huma.ErrorDetail{
			Location: "body", Message: "has more after the first JSON value; send one alone",
		}}
	}
	if len(c.violations) > 0 {
		c.validate(data, schema)
	}
	return c.violations
}

// validate adds the violations of the schema's rules to those found so far. Without any, huma finds
// these itself; with some, huma is never called, and one response is to name all.
func (c *checker) validate(data []byte, schema *huma.Schema) {
	var body any
	if err := unmarshal(data, &body); err != nil {
		return
	}
	path, result := huma.NewPathBuffer(nil, 0), huma.ValidateResult{}
	path.Push("body")
	huma.Validate(c.registry, schema, path, huma.ModeWriteToServer, body, &result)
	for _, err := range result.Errors {
		d, ok := errors.AsType[*huma.ErrorDetail](err)
		if !ok || d.Message == unexpected {
			continue
		}
		location, message := wholeRule(d, bodyRules{schema, c.registry}.at)
		if !hasViolation(c.violations, location) { // a value may break its rule in two ways
			c.add(location, message)
		}
	}
}

// unexpected is the message for a key that the schema does not have.
const unexpected = "is unknown; leave it out"

// value reads the next value and all within it. It returns the violation at which reading has to
// stop.
func (c *checker) value(jsonPath string, s *huma.Schema) error {
	for s != nil && s.Ref != "" {
		s = c.registry.SchemaFromRef(s.Ref)
	}
	token, err := c.token(jsonPath)
	if err != nil {
		return err
	}
	switch token.Kind() {
	case '{':
		for c.decoder.PeekKind() != '}' {
			if err := c.member(jsonPath, s); err != nil {
				return err
			}
		}
		_, err = c.token(jsonPath)
	case '[':
		var items *huma.Schema
		if s != nil {
			items = s.Items
		}
		for n := 0; c.decoder.PeekKind() != ']'; n++ {
			if err := c.value(jsonPath+"["+strconv.Itoa(n)+"]", items); err != nil {
				return err
			}
		}
		_, err = c.token(jsonPath)
	}
	return err
}

// member reads a key and its value.
func (c *checker) member(jsonPath string, object *huma.Schema) error {
	token, err := c.token(jsonPath)
	if err != nil {
		return err
	}
	key := token.String()
	jsonPath += "." + printable(key)
	var property *huma.Schema
	if object != nil && object.Type == huma.TypeObject {
		property = object.Properties[key]
		if property == nil && object.AdditionalProperties == false {
			c.add(jsonPath, unexpected)
		}
	}
	isNull := c.decoder.PeekKind() == 'n'
	if isNull && property != nil && !property.Nullable && !object.Nullable && !slices.Contains(object.Required, key) {
		c.add(jsonPath, "must not be null; leave it out instead")
	}
	return c.value(jsonPath, property)
}

func (c *checker) add(jsonPath, message string) {
	if len(c.violations) < maxViolations {
		c.violations = append(c.violations, &huma.ErrorDetail{Location: jsonPath, Message: message})
	}
}

// token reads the next token of the value at jsonPath. Its error is a violation.
func (c *checker) token(jsonPath string) (jsontext.Token, error) {
	violation := func(jsonPath, format string, args ...any) error {
		return &huma.ErrorDetail{Location: jsonPath, Message: fmt.Sprintf(format, args...)}
	}
	token, err := c.decoder.ReadToken()
	if err == nil && token.Kind() == '"' && strings.ContainsRune(token.String(), 0) {
		return token, violation(jsonPath, "holds the character U+0000, which cannot be stored; leave it out")
	}
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntactic) && errors.Is(err, jsontext.ErrDuplicateName):
		key := printable(syntactic.JSONPointer.LastToken())
		return token, violation(jsonPath+"."+key, "is there twice; name each key once")
	case err != nil:
		return token, violation("body", "is not well-formed JSON in UTF-8 near byte %d", c.decoder.InputOffset())
	case c.decoder.StackDepth() > maxDepth:
		return token, violation("body", "nests deeper than %d levels", maxDepth)
	}
	return token, nil
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

// printable returns a key as a hint shows it: quoted and cut off unless it is a short plain one.
func printable(key string) string {
	if plainKey.MatchString(key) {
		return key
	}
	if runes := []rune(key); len(runes) > 40 {
		key = string(runes[:40]) + "…"
	}
	return strconv.QuoteToGraphic(key)
}
