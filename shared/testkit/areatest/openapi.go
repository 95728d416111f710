package areatest

import (
	"maps"
	"slices"
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
	path, body, err := api.Example(text, operation, func(string) any { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return Step{Name: routeOf(operation), Do: operation.Method + " " + path, Body: string(body)}
}

// resolve returns the schema that a reference names, or the schema itself.
func resolve(text *huma.OpenAPI, schema *huma.Schema) *huma.Schema {
	if schema.Ref != "" {
		return text.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	return schema
}
