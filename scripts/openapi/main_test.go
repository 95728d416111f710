package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"minifb/shared/ops/sam"
	"minifb/shared/testkit/built"
)

const top = "../../" // the repository's folder

// The document that is committed and served is the one that the functions describe.
func TestDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	template, err := sam.Load(top + "template.yaml")
	must(t, err)
	programs, err := built.Programs(t.Context(), top, t.TempDir(), false, "./functions/...")
	must(t, err)
	want, err := write(t.Context(), template, programs)
	must(t, err)
	const path = "functions/docs/openapi.json"
	got, err := os.ReadFile(top + path)
	if err != nil {
		t.Fatal(err)
	}
	is, should := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(is), len(should)) {
		if is[i] != should[i] {
			t.Fatalf("%s is not what the functions describe: run make openapi. Line %d is\n%s\nand should be\n%s",
				path, i+1, is[i], should[i])
		}
	}
	if len(is) != len(should) {
		t.Fatalf("%s is not what the functions describe: run make openapi. It has %d lines and should have %d",
			path, len(is), len(should))
	}
}

// What a reader would miss is named.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	property := func(schema string) string {
		return `"responses": {"200": {"content": {"application/json": {"schema": {
			"type": "object", "required": ["a"], "properties": {"a": ` + schema + `}}}}}}`
	}
	const named = `"operationId": "get", "summary": "s", "description": "d", `
	for operation, want := range map[string]string{
		`"summary": "s", "description": "d", "responses": {}`:              "GET /a has no ID: add it to the api.Route",
		`"operationId": "get", "summary": "s", "responses": {}`:            "GET /a has no Description",
		`"operationId": "other", "summary": "s", "description": "d"`:       "GET /a and GET /b have the same ID, other",
		named + property(`{"type": "string"}`):                             "GET /a: the body of 200.a has no example",
		named + property(`{"type": "array", "items": {"type": "number"}}`): "GET /a: the body of 200.a[0] has no",
		named + property(`{"type": "string", "examples": ["x"]}`):          `{"a":"x"}`,
		named + property(`{"type": ["string", "null"]}`):                   `{"a":null}`,
		named + property(`{"type": "boolean"}`):                            `{"a":false}`,
		named + property(`{"enum": ["x", "y"]}`):                           `{"a":"x"}`,
		named + property(`{"$ref": "#/components/schemas/B"}`):             `{"a":{"b":1}}`,
	} {
		var p part
		must(t, json.Unmarshal([]byte(`{"openapi": "3.1.0",
			"components": {"schemas": {"B": {"type": "object", "required": ["b"],
				"properties": {"c": {"type": "string"}, "b": {"type": "integer", "examples": [1]}}}}},
			"paths": {"/a": {"get": {`+operation+`}}, "/b": {"get":
				{"operationId": "other", "summary": "s", "description": "d", "responses": {}}}}}`), &p))
		d := newDocument()
		must(t, d.add("area", "An area", p))
		err := d.complete()
		if strings.HasPrefix(want, "{") {
			content := d.Paths["/a"]["get"].(object)["responses"].(object)["200"].(object)["content"].(object)
			got := content["application/json"].(object)["example"]
			if text, ok := got.(json.RawMessage); err != nil || !ok || string(text) != want {
				t.Errorf("%s: the example is %s, want %s; %v", operation, text, want, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", operation, err, want)
		}
	}
}

// Parts that contradict each other are refused.
func TestContradictions(t *testing.T) {
	t.Parallel()
	paths := func(path string) map[string]object { return map[string]object{path: {"get": object{}}} }
	schemas := func(kind string) map[string]object {
		return map[string]object{"schemas": {"Thing": object{"type": kind}}}
	}
	first := part{"3.1.0", paths("/a"), schemas("string")}
	for name, c := range map[string]struct {
		second part
		want   string
	}{
		"another version": {part{"3.0.0", paths("/b"), nil}, "it is written in OpenAPI 3.0.0, and others in 3.1.0"},
		"the same path":   {part{"3.1.0", paths("/a"), nil}, "another function serves the path /a, too"},
		"another schema of the same name": {
			part{"3.1.0", paths("/b"), schemas("integer")}, "another component schemas/Thing",
		},
		"the same schema": {part{"3.1.0", paths("/b"), schemas("string")}, ""},
		"no routes":       {part{"3.1.0", nil, nil}, ""},
	} {
		d := newDocument()
		if err := d.add("first", "The first", first); err != nil {
			t.Fatal(err)
		}
		err := d.add("second", "The second", c.second)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if tags := len(d.Tags); c.want == "" && tags != 1+min(1, len(c.second.Paths)) {
			t.Errorf("%s: %d tags", name, tags)
		}
	}
}
