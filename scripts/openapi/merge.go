package main

import (
	_ "embed"
	"fmt"
	"reflect"
)

// A document is the OpenAPI document of the bundle. Maps are written in the order of their keys, so
// that the same routes give the same bytes.
type document struct {
	OpenAPI    string            `json:"openapi"`
	Info       info              `json:"info"`
	Servers    []server          `json:"servers"`
	Tags       []tag             `json:"tags"`
	Paths      map[string]object `json:"paths"` // of operations, by their method in lower case
	Components map[string]object `json:"components"`
}

// An object is a part of the document that is merged as it is.
type object = map[string]any

type info struct {
	Title       string  `json:"title"`
	Version     string  `json:"version"`
	Description string  `json:"description"`
	License     license `json:"license"`
}

type license struct {
	Name       string `json:"name"`
	Identifier string `json:"identifier"`
}

type server struct {
	URL         string `json:"url"`
	Description string `json:"description"`
}

type tag struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// A part is what one function prints of itself.
type part struct {
	OpenAPI    string            `json:"openapi"`
	Paths      map[string]object `json:"paths"`
	Components map[string]object `json:"components"`
}

//go:embed description.md
var description string

func newDocument() *document {
	return &document{
		Info: info{
			Title: "minifb", Version: "1.0.0", Description: description,
			License: license{Name: "MIT", Identifier: "MIT"},
		},
		// Relative to the document: the name of a stage or a mapping may come before all paths.
		Servers:    []server{{URL: ".", Description: "Where this document comes from"}},
		Paths:      map[string]object{},
		Components: map[string]object{},
	}
}

// add adds the routes of an area, with the area as their tag. It returns an error where the part
// contradicts one that was added before.
func (d *document) add(area, describedAs string, p part) error {
	if d.OpenAPI != "" && d.OpenAPI != p.OpenAPI {
		return fmt.Errorf("it is written in OpenAPI %s, and others in %s", p.OpenAPI, d.OpenAPI)
	}
	d.OpenAPI = p.OpenAPI
	for _, paths := range p.Paths {
		removeExtensions(paths)
	}
	for _, components := range p.Components {
		removeExtensions(components)
	}
	for kind, components := range p.Components {
		if d.Components[kind] == nil {
			d.Components[kind] = object{}
		}
		for name, component := range components {
			if other, ok := d.Components[kind][name]; ok && !reflect.DeepEqual(component, other) {
				return fmt.Errorf("another function has another component %s/%s: rename the type of one of them",
					kind, name)
			}
			d.Components[kind][name] = component
		}
	}
	if len(p.Paths) > 0 {
		d.Tags = append(d.Tags, tag{area, describedAs})
	}
	for path, operations := range p.Paths {
		if d.Paths[path] != nil {
			return fmt.Errorf("another function serves the path %s, too", path)
		}
		for _, operation := range operations {
			operation.(object)["tags"] = []string{area}
		}
		d.Paths[path] = operations
	}
	return nil
}

// removeExtensions removes from a value what huma adds to JSON Schema.
func removeExtensions(value any) {
	switch value := value.(type) {
	case object:
		if value["pattern"] != nil {
			delete(value, "patternDescription")
		}
		for _, part := range value {
			removeExtensions(part)
		}
	case []any:
		for _, part := range value {
			removeExtensions(part)
		}
	}
}
