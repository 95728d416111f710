package main

import (
	"os"
	"strings"
	"testing"
)

const top = "../../" // the repository's folder

// The document that is committed and served is the one that the functions describe.
func TestDocumentIsCurrent(t *testing.T) {
	t.Parallel()
	want, err := write(t.Context(), top)
	if err != nil {
		t.Fatal(err)
	}
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
