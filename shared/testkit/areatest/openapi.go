package areatest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/store"
)

// openAPI returns the area's OpenAPI text.
func openAPI(t *testing.T, routes function.Routes) *huma.OpenAPI {
	t.Helper()
	text, err := describe(routes)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// describe returns the area's OpenAPI text. It calls no route, so it needs no database.
func describe(routes function.Routes) (*huma.OpenAPI, error) {
	a, err := unconnected(routes)
	if err != nil {
		return nil, err
	}
	return a.OpenAPI(), nil
}

// unconnected returns the area's routes without a database.
func unconnected(routes function.Routes) (*api.API, error) {
	s, err := store.Open("postgres://", "test", 1)
	if err != nil {
		return nil, err
	}
	deps, err := newDeps(s)
	if err != nil {
		return nil, err
	}
	return newHandler(routes, deps, nil).API(), nil
}

// operations returns all operations, ordered by path.
func operations(text *huma.OpenAPI) (all []*huma.Operation) {
	for _, path := range slices.Sorted(maps.Keys(text.Paths)) {
		item := text.Paths[path]
		for _, operation := range []*huma.Operation{item.Get, item.Put, item.Post, item.Patch, item.Delete} {
			if operation != nil {
				all = append(all, operation)
			}
		}
	}
	return all
}

// routeOf returns an operation's route, such as "GET /post/{id}".
func routeOf(operation *huma.Operation) string { return operation.Method + " " + operation.Path }

// example returns a valid call of an operation, made of the examples in its OpenAPI text. Its name
// is "METHOD /path".
func example(t *testing.T, text *huma.OpenAPI, operation *huma.Operation) Step {
	t.Helper()
	step := Step{Name: routeOf(operation)}
	path := operation.Path
	for _, p := range operation.Parameters {
		if p.In == "path" {
			value := exampleOf(t, step.Name+" "+p.Name, p.Schema, p.Example).(string)
			path = strings.ReplaceAll(path, "{"+p.Name+"}", value)
		}
	}
	step.Do = operation.Method + " " + path
	if operation.RequestBody == nil || !operation.RequestBody.Required {
		return step
	}
	schema := resolve(text, operation.RequestBody.Content["application/json"].Schema)
	body := map[string]any{}
	for _, name := range schema.Required {
		body[name] = exampleOf(t, step.Name+" "+name, schema.Properties[name], nil)
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	step.Body = string(encoded)
	return step
}

// exampleOf returns the given example, or else the schema's first one. The name is for the failure
// message.
func exampleOf(t *testing.T, name string, schema *huma.Schema, given any) any {
	t.Helper()
	if given != nil {
		return given
	}
	if len(schema.Examples) == 0 {
		t.Fatalf("%s has no example in the OpenAPI text", name)
	}
	return schema.Examples[0]
}

// resolve returns the schema that a reference names, or the schema itself.
func resolve(text *huma.OpenAPI, schema *huma.Schema) *huma.Schema {
	if schema.Ref != "" {
		return text.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	return schema
}
