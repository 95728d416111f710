package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// complete checks that each operation says what a reader needs, and gives each of its JSON bodies an
// example, made of the examples of its properties. It returns an error that names what is missing.
func (d *document) complete() error {
	ids := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(d.Paths[path])) {
			route := strings.ToUpper(method) + " " + path
			operation := d.Paths[path][method].(object)
			for key, field := range map[string]string{
				"operationId": "ID", "summary": "Summary", "description": "Description",
			} {
				if operation[key] == nil {
					return fmt.Errorf("%s has no %s: add it to the api.Route", route, field)
				}
			}
			id := operation["operationId"].(string)
			if other := ids[id]; other != "" {
				return fmt.Errorf("%s and %s have the same ID, %s", other, route, id)
			}
			ids[id] = route
			if err := d.addExamples(route, operation); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *document) addExamples(route string, operation object) error {
	if body, ok := operation["requestBody"].(object); ok {
		if err := d.addExample(route+": the body", body); err != nil {
			return err
		}
	}
	responses, _ := operation["responses"].(object)
	for status, response := range responses {
		if err := d.addExample(route+": the body of "+status, response.(object)); err != nil {
			return err
		}
	}
	return nil
}

// addExample gives a body that is JSON of a known form an example. The where is for errors.
func (d *document) addExample(where string, body object) error {
	content, _ := body["content"].(object)
	media, _ := content["application/json"].(object)
	if media == nil {
		return nil
	}
	schema := media["schema"].(object)
	if len(schema) == 1 && schema["type"] == "object" { // a file
		return nil
	}
	example, err := d.example(where, schema)
	media["example"] = example
	return err
}

// example returns an example of a schema. The properties of an object are in the order in which they
// are declared. The where is for errors.
func (d *document) example(where string, schema object) (json.RawMessage, error) {
	if ref, ok := schema["$ref"].(string); ok {
		schema = d.Components["schemas"][strings.TrimPrefix(ref, "#/components/schemas/")].(object)
	}
	if examples, ok := schema["examples"].([]any); ok {
		return json.Marshal(examples[0])
	}
	if values, ok := schema["enum"].([]any); ok {
		return json.Marshal(values[0])
	}
	kind := fmt.Sprint(schema["type"])
	properties, _ := schema["properties"].(object)
	switch {
	case strings.Contains(kind, "array"):
		item, err := d.example(where+"[0]", schema["items"].(object))
		return json.RawMessage("[" + string(item) + "]"), err
	case kind == "object" && (len(properties) > 0 || schema["additionalProperties"] == false):
		return d.exampleObject(where, schema, properties)
	case kind == "boolean":
		return json.RawMessage("false"), nil
	case strings.Contains(kind, "null"):
		return json.RawMessage("null"), nil
	}
	return nil, fmt.Errorf("%s has no example: add one to the field", where)
}

func (d *document) exampleObject(where string, schema, properties object) (json.RawMessage, error) {
	var names []string
	required, _ := schema["required"].([]any)
	for _, name := range required {
		names = append(names, name.(string))
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if property := properties[name].(object); !slices.Contains(names, name) && property["examples"] != nil {
			names = append(names, name)
		}
	}
	var all bytes.Buffer
	for i, name := range names {
		value, err := d.example(where+"."+name, properties[name].(object))
		if err != nil {
			return nil, err
		}
		if i > 0 {
			all.WriteByte(',')
		}
		all.WriteString(strconv.Quote(name) + ":")
		all.Write(value)
	}
	return json.RawMessage("{" + all.String() + "}"), nil
}
