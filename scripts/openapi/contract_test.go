package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"minifb/shared/limit"
)

// The tests of this file compare docs/api.md, which people read, with the OpenAPI document.

const contract = "docs/api.md"

// readBoth returns the lines of docs/api.md, and the OpenAPI document.
func readBoth(t *testing.T) (lines []string, d *document) {
	t.Helper()
	text, err := os.ReadFile(top + contract)
	must(t, err)
	encoded, err := os.ReadFile(committed)
	must(t, err)
	must(t, json.Unmarshal(encoded, &d))
	return strings.Split(string(text), "\n"), d
}

// rows returns the rows of the tables whose head is this, by their first cell. The tables are told
// apart by the title above them.
func rows(t *testing.T, lines []string, head string) map[string]map[string][]string {
	t.Helper()
	tables := map[string]map[string][]string{}
	title, inside := "", false
	for _, line := range lines {
		switch {
		case strings.HasPrefix(line, "#"):
			title = strings.TrimLeft(line, "# ")
		case line == head:
			tables[title], inside = map[string][]string{}, true
		case !strings.HasPrefix(line, "|"):
			inside = false
		case inside && !strings.HasPrefix(line, "|--"):
			var cells []string
			for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
				cells = append(cells, strings.TrimSpace(cell))
			}
			name := strings.Trim(cells[0], "`")
			if tables[title][name] != nil {
				t.Errorf("%s: %s has two rows for %s", contract, title, name)
			}
			tables[title][name] = cells
		}
	}
	if len(tables) == 0 {
		t.Fatalf("%s has no table with the head %s", contract, head)
	}
	return tables
}

// The tables of routes have every route, with what it takes and returns, and no other.
func TestContractHasEveryRoute(t *testing.T) {
	t.Parallel()
	lines, d := readBoth(t)
	listed := map[string][]string{}
	for _, table := range rows(t, lines, "| route | token | body | parameters | success | errors |") {
		maps.Copy(listed, table)
	}
	for path, operations := range d.Paths {
		for method, operation := range operations {
			route := strings.ToUpper(method) + " " + path
			got, want := listed[route], d.row(route, operation.(object))
			delete(listed, route)
			if got == nil {
				t.Errorf("%s has no row for %s: add\n| %s |", contract, route, strings.Join(want, " | "))
			} else if !slices.Equal(got, want) {
				t.Errorf("%s: the row of %s is\n| %s |\nand should be\n| %s |",
					contract, route, strings.Join(got, " | "), strings.Join(want, " | "))
			}
		}
	}
	for route := range listed {
		t.Errorf("%s has a row for %s, which does not exist", contract, route)
	}
}

// Each shape that a route returns has a table with its fields and their types, and no other.
func TestContractHasEveryShape(t *testing.T) {
	t.Parallel()
	lines, d := readBoth(t)
	tables, bodies := rows(t, lines, "| field | type | meaning |"), d.bodies()
	for name, component := range d.Components["schemas"] {
		schema := component.(object)
		properties, _ := schema["properties"].(object)
		if bodies[name] || len(properties) == 0 || properties["items"] != nil {
			continue // it is in the tables of routes
		}
		if tables[name] == nil {
			t.Errorf("%s has no shape %s", contract, name)
			continue
		}
		for _, field := range names(schema) {
			want := kind(properties[strings.TrimSuffix(field, "?")].(object))
			if got := tables[name][field]; got == nil {
				t.Errorf("%s: %s lacks %s", contract, name, field)
			} else if got[1] != want {
				t.Errorf("%s: %s of %s is %q, want %q", contract, field, name, got[1], want)
			}
			delete(tables[name], field)
		}
		for field := range tables[name] {
			t.Errorf("%s: %s has the field %s, which does not exist", contract, name, field)
		}
		delete(tables, name)
	}
	for name := range tables {
		t.Errorf("%s has the shape %s, which does not exist", contract, name)
	}
}

// The table of fields has the length or the range of each field of a body, and of each parameter of a
// query.
func TestContractHasEveryRule(t *testing.T) {
	t.Parallel()
	lines, d := readBoth(t)
	table := rows(t, lines, "| field | rule |")["Fields"]
	rule := func(route, name string) (text string) {
		thing := path.Base(strings.TrimSuffix(route, "/{id}"))
		for _, cells := range table {
			_, of, isOfOne := strings.Cut(cells[0], " of a ") // `content` of a post
			if strings.Contains(cells[0], "`"+name+"`") && (!isOfOne || of == thing) {
				text += strings.Join(cells, " ") + "\n"
			}
		}
		return text
	}
	check := func(where, name string, schema object) { // that of size is in the section on lists
		for _, limit := range []string{"minLength", "maxLength", "minimum", "maximum"} {
			number := ""
			if schema[limit] != nil {
				number = fmt.Sprint(schema[limit])
			}
			got := rule(where, name)
			if name != "size" && (got == "" || !regexp.MustCompile(`\b`+number+`\b`).MatchString(got)) {
				t.Errorf("%s: the table of fields lacks %s %s of %s: %q", where, limit, number, name, got)
			}
		}
		types, nullable := schema["type"].([]any)
		if nullable && slices.Contains(types, any("null")) && !strings.Contains(rule(where, name), "null") {
			t.Errorf("%s: %s may be null", where, name)
		}
	}
	for route, operations := range d.Paths {
		for method, operation := range operations {
			where := strings.ToUpper(method) + " " + route
			if request, ok := operation.(object)["requestBody"].(object); ok {
				for name, property := range d.schemaOf(request)["properties"].(object) {
					check(where, name, property.(object))
				}
			}
			listed, _ := operation.(object)["parameters"].([]any)
			for _, parameter := range listed {
				if p := parameter.(object); p["in"] == "query" {
					check(where, p["name"].(string), p["schema"].(object))
				}
			}
		}
	}
}

// The table of limits has the defaults.
func TestContractHasEveryLimit(t *testing.T) {
	t.Parallel()
	lines, _ := readBoth(t)
	var setting []string
	for name, cells := range rows(t, lines, "| limit | default | what it counts |")["Limits"] {
		setting = append(setting, name+"="+cells[1])
	}
	listed, err := limit.Parse(strings.Join(setting, ","))
	must(t, err)
	if *listed != limit.Default() {
		t.Errorf("%s has the limits %+v, want %+v", contract, *listed, limit.Default())
	}
	if want := reflect.TypeFor[limit.Rules]().NumField(); len(setting) != want {
		t.Errorf("%s has %d limits, want %d", contract, len(setting), want)
	}
}

// The table of errors has each status of the shared errors, and the text names only routes that exist.
func TestContractNamesWhatExists(t *testing.T) {
	t.Parallel()
	lines, d := readBoth(t)
	table := rows(t, lines, "| status | when |")["Errors"]
	used := map[string]bool{"405": true} // the path's, and not that of an operation
	for path, operations := range d.Paths {
		for method, operation := range operations {
			for status := range operation.(object)["responses"].(object) {
				if used[status] = true; status >= "400" && table[status] == nil {
					t.Errorf("%s: the table of errors lacks %s of %s %s", contract, status, method, path)
				}
			}
		}
	}
	for status := range table {
		if !used[status] {
			t.Errorf("%s: no operation returns %s", contract, status)
		}
	}
	for _, match := range regexp.MustCompile("`(GET|PUT|POST|PATCH|DELETE) (/[^`]*)`").
		FindAllStringSubmatch(strings.Join(lines, "\n"), -1) {
		path := strings.Replace(match[2], "/session/current", "/session/{id}", 1)
		if d.Paths[path][strings.ToLower(match[1])] == nil {
			t.Errorf("%s names %s %s, which does not exist", contract, match[1], match[2])
		}
	}
}
