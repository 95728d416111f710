package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"minifb/shared/config"
	"minifb/shared/ops/sam"
)

// The tests of this file compare the documents with what they describe.

func TestReadmeListsEveryRoute(t *testing.T) {
	t.Parallel()
	template, err := sam.Load(top + "template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	rows := tableOf(t, "README.md", "| area |")
	listed := map[string]bool{}
	for _, match := range regexp.MustCompile("`([A-Z]+ /[^`]*)`").FindAllStringSubmatch(rows, -1) {
		listed[match[1]] = true
	}
	for _, f := range template.Functions {
		if !strings.Contains(rows, "(functions/"+f.Area+")") {
			t.Errorf("README.md: the table of routes has no row for the function %s", f.Area)
		}
		for _, route := range f.Routes {
			if !listed[route.String()] {
				t.Errorf("README.md: the table of routes does not list `%s`", route)
			}
			delete(listed, route.String())
		}
	}
	for route := range listed {
		t.Errorf("README.md: the table of routes lists `%s`, which template.yaml does not have", route)
	}
}

func TestOperatorsDocumentListsEverySetting(t *testing.T) {
	t.Parallel()
	rows := tableOf(t, "docs/operating.md", "| variable |")
	for field := range reflect.TypeFor[config.Config]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		if name == "-" || name == "AWS_LAMBDA_RUNTIME_API" || name == "LISTEN_FDS" { // not set by the operator
			continue
		}
		if !strings.Contains(rows, "`"+name+"`") {
			t.Errorf("docs/operating.md: the table of settings does not list %s", name)
		}
	}
}

// Documents link to files, and name files, make's targets and Go's functions, that exist. Recipes also name what they
// create.
func TestDocumentsNameWhatExists(t *testing.T) {
	t.Parallel()
	makefile := content(t, "Makefile")
	var code strings.Builder
	for _, path := range goFiles(t) {
		code.WriteString(content(t, path))
	}
	fenced := regexp.MustCompile("(?ms)^ *```.*?^ *```$") // code, and rows of other documents' tables
	for _, document := range documents(t) {
		text := fenced.ReplaceAllString(content(t, document), "")
		for _, match := range regexp.MustCompile(`\]\(([^)#:]+)[^):]*\)`).FindAllStringSubmatch(text, -1) {
			if target := filepath.Join(filepath.Dir(document), match[1]); !exists(target) {
				t.Errorf("%s links to %s, which does not exist", document, target)
			}
		}
		command := regexp.MustCompile("(?m)(?:`|^ +)make ([a-z]+(?:-[a-z]+)*)")
		for _, match := range command.FindAllStringSubmatch(text, -1) {
			if !regexp.MustCompile(`(?m)^` + match[1] + `:`).MatchString(makefile) {
				t.Errorf("%s: the Makefile has no target %s", document, match[1])
			}
		}
		if strings.HasPrefix(document, "docs/recipes/") {
			continue
		}
		path := regexp.MustCompile("`((?:docs|functions|migrations|scripts|shared)/[a-zA-Z0-9_./-]+)`")
		for _, match := range path.FindAllStringSubmatch(text, -1) {
			if !exists(match[1]) {
				t.Errorf("%s names %s, which does not exist", document, match[1])
			}
		}
		function := regexp.MustCompile("`(?:[a-z]+\\.)?((?:Benchmark|Every|Test|Routes)[A-Z][A-Za-z0-9]*)`")
		for _, match := range function.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(code.String(), "func "+match[1]+"(") {
				t.Errorf("%s names the function %s, which does not exist", document, match[1])
			}
		}
	}
}

// documents returns the paths of the Markdown files.
func documents(t *testing.T) (paths []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/recipes/*.md"} {
		found, err := filepath.Glob(top + pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("no document matches %s: %v", pattern, err)
		}
		for _, path := range found {
			paths = append(paths, strings.TrimPrefix(path, top))
		}
	}
	return paths
}

// tableOf returns the rows of a document's table whose header begins with this text.
func tableOf(t *testing.T, document, header string) string {
	t.Helper()
	lines := strings.Split(content(t, document), "\n")
	start := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, header) })
	if start < 0 {
		t.Fatalf("%s has no table that begins with %q", document, header)
	}
	rows := lines[start:]
	if end := slices.Index(rows, ""); end >= 0 {
		rows = rows[:end]
	}
	return strings.Join(rows, "\n")
}

func exists(path string) bool {
	_, err := os.Stat(top + path)
	return err == nil
}
