package api

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Example returns a valid call of an operation, made of the examples in its OpenAPI text: its path, and
// its body if it must have one. The function value may return another value for a parameter of the path
// or a property of the body, or nil.
func Example(
	text *huma.OpenAPI, operation *huma.Operation, value func(name string) any,
) (path string, body []byte, err error) {
	route := operation.Method + " " + operation.Path
	example := func(name string, schema *huma.Schema, given any) (any, error) {
		if v := value(name); v != nil {
			return v, nil
		}
		if given != nil {
			return given, nil
		}
		if len(schema.Examples) == 0 {
			return nil, fmt.Errorf("%s %s has no example in the OpenAPI text", route, name)
		}
		return schema.Examples[0], nil
	}
	path = operation.Path
	for _, p := range operation.Parameters {
		if p.In != "path" {
			continue
		}
		v, err := example(p.Name, p.Schema, p.Example)
		if err != nil {
			return "", nil, err
		}
		path = strings.ReplaceAll(path, "{"+p.Name+"}", fmt.Sprint(v))
	}
	if operation.RequestBody == nil || !operation.RequestBody.Required {
		return path, nil, nil
	}
	schema := operation.RequestBody.Content[mediaJSON].Schema
	if schema.Ref != "" {
		schema = text.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	properties := map[string]any{}
	for _, name := range schema.Required {
		if properties[name], err = example(name, schema.Properties[name], nil); err != nil {
			return "", nil, err
		}
	}
	body, err = json.Marshal(properties)
	return path, body, err
}
