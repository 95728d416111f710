package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"minifb/shared/ops/sam"
)

// The tests of this file hold the repository to those rules of ARCHITECTURE.md that neither the
// compiler nor the linter checks.

const top = "../../"

func TestTopFolderHoldsOnlyWhatTheHouseKnows(t *testing.T) {
	t.Parallel()
	known := []string{
		"ARCHITECTURE.md", "LICENSE", "Makefile", "README.md", "docs", "functions", "go.mod", "go.sum", "migrations", "scripts", "shared", "template.yaml",
	}
	var there []string
	// What lies about untracked is nobody's business.
	if tracked, err := exec.Command("git", "-C", top, "-c", "safe.directory=*", "ls-files").Output(); err == nil {
		for path := range strings.Lines(string(tracked)) {
			name, _, _ := strings.Cut(strings.TrimSpace(path), "/")
			there = append(there, name)
		}
	} else { // without git, or unpacked from an archive
		for _, entry := range list(t, ".") {
			there = append(there, entry.Name())
		}
	}
	for _, name := range slices.Compact(there) {
		if !strings.HasPrefix(name, ".") && !slices.Contains(known, name) {
			t.Errorf("%s has no place at the top: give it one below, or name it here and in ARCHITECTURE.md", name)
		}
	}
}

func TestFunctionsAreThoseOfTheTemplate(t *testing.T) {
	t.Parallel()
	template, err := sam.Load(top + "template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, f := range template.Functions {
		listed = append(listed, f.Area)
	}
	slices.Sort(listed)
	if built := areas(t); !slices.Equal(listed, built) {
		t.Errorf("template.yaml lists %v, and functions/ holds %v", listed, built)
	}
}

// A function's main.go says what the area serves, and calls one thing.
func TestMainOnlyCallsTheRuntime(t *testing.T) {
	t.Parallel()
	for _, area := range areas(t) {
		file := parse(t, "functions/"+area+"/main.go")
		if file.Name.Name != "main" {
			t.Errorf("functions/%s is package %s: it must be main, which nothing can import", area, file.Name.Name)
		}
		if !strings.HasPrefix(file.Doc.Text(), "Command "+area+" ") {
			t.Errorf("functions/%s/main.go does not begin with what the command %s serves", area, area)
		}
		var called string
		declared := 0
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "main" && len(f.Body.List) == 1 {
				if statement, ok := f.Body.List[0].(*ast.ExprStmt); ok {
					called = call(statement.X)
				}
			}
			if d, ok := d.(*ast.GenDecl); !ok || d.Tok != token.IMPORT {
				declared++
			}
		}
		if want := fmt.Sprintf("function.Main(%q, routes", area); !strings.HasPrefix(called, want) || declared != 1 {
			t.Errorf("functions/%s/main.go must hold no more than main, and main no more than %s, …)", area, want)
		}
	}
}

// Every area holds its routes against template.yaml, loses its database, and is called with bad
// tokens.
func TestEveryAreaRunsTheSharedChecks(t *testing.T) {
	t.Parallel()
	for _, area := range areas(t) {
		called := map[string]bool{}
		for _, entry := range list(t, "functions/"+area) {
			if !strings.HasSuffix(entry.Name(), "_test.go") {
				continue
			}
			ast.Inspect(parse(t, "functions/"+area+"/"+entry.Name()), func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok {
					name, _, _ := strings.Cut(call(c), "(")
					called[name] = true
					called[call(c)] = true
				}
				return true
			})
		}
		for _, want := range []string{
			fmt.Sprintf("areatest.RoutesMatchTemplate(t, %q, routes)", area),
			"areatest.EveryRouteReturns503WithoutDatabase", "areatest.EveryRouteRefusesBadTokens",
			"areatest.Main(m, routes)",
		} {
			if !called[want] {
				t.Errorf("the tests of functions/%s do not call %s", area, want)
			}
		}
	}
}

// An interface is declared where two types or more stand behind it, and named here with them.
func TestInterfacesHaveTwoImplementations(t *testing.T) {
	t.Parallel()
	known := map[string]string{
		"shared/store queryer": "a pool and a transaction of database/sql",
	}
	found := map[string]bool{}
	for _, path := range goFiles(t) {
		ast.Inspect(parse(t, path), func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			declared, ok := spec.Type.(*ast.InterfaceType)
			if !ok || !slices.ContainsFunc(declared.Methods.List, func(f *ast.Field) bool { _, method := f.Type.(*ast.FuncType); return method }) {
				return true // no interface, or one that only constrains type parameters
			}
			name := filepath.Dir(path) + " " + spec.Name.Name
			found[name] = true
			if known[name] == "" {
				t.Errorf("%s is an interface: use the concrete type, or name its implementations here", name)
			}
			return true
		})
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !found[name] {
			t.Errorf("%s is gone: take it from this list", name)
		}
	}
}

// Migrations are applied in the order of their numbers, and each can be taken back.
func TestMigrationsArePairedAndNumbered(t *testing.T) {
	t.Parallel()
	named := regexp.MustCompile(`^(\d{4})_([a-z0-9]+(?:_[a-z0-9]+)*(?:\.tx)?)\.(up|down)\.sql$`)
	steps := map[int]map[string]string{} // by number, then by direction
	for _, entry := range list(t, "migrations") {
		if filepath.Ext(entry.Name()) != ".sql" {
			continue
		}
		match := named.FindStringSubmatch(entry.Name())
		if match == nil {
			t.Errorf("migrations/%s is not called NNNN_what.tx.up.sql or .down.sql", entry.Name())
			continue
		}
		number, _ := strconv.Atoi(match[1])
		if steps[number] == nil {
			steps[number] = map[string]string{}
		}
		if other := steps[number][match[3]]; other != "" {
			t.Errorf("two migrations have the number %04d: %s and %s", number, other, match[2])
		}
		steps[number][match[3]] = match[2]
	}
	for number := 1; number <= len(steps); number++ {
		if step := steps[number]; step["up"] == "" || step["up"] != step["down"] {
			t.Errorf("migration %04d goes up by %q and down by %q", number, step["up"], step["down"])
		}
	}
	if len(steps) == 0 {
		t.Error("there is no migration")
	}
}

// list is what a folder, named from the top, holds.
func list(t *testing.T, folder string) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(top + folder)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// areas are the folders under functions/, in order.
func areas(t *testing.T) (names []string) {
	t.Helper()
	for _, entry := range list(t, "functions") {
		names = append(names, entry.Name())
	}
	if len(names) == 0 {
		t.Fatal("functions/ is empty")
	}
	return names
}

// goFiles are the paths, from the top, of all Go files.
func goFiles(t *testing.T) (paths []string) {
	t.Helper()
	for _, folder := range sources {
		err := filepath.WalkDir(top+folder, func(path string, _ fs.DirEntry, err error) error {
			if filepath.Ext(path) == ".go" {
				paths = append(paths, strings.TrimPrefix(path, top))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), top+path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// call writes a call of a package's function with plain arguments, such as `function.Main("post",
// routes)`. An argument that is not plain is left blank, and what is no such call is "".
func call(e ast.Expr) string {
	c, ok := e.(*ast.CallExpr)
	if !ok {
		return ""
	}
	selector, ok := c.Fun.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	of, ok := selector.X.(*ast.Ident)
	if !ok {
		return ""
	}
	var args []string
	for _, arg := range c.Args {
		switch arg := arg.(type) {
		case *ast.Ident:
			args = append(args, arg.Name)
		case *ast.BasicLit:
			args = append(args, arg.Value)
		default:
			args = append(args, "")
		}
	}
	return fmt.Sprintf("%s.%s(%s)", of.Name, selector.Sel.Name, strings.Join(args, ", "))
}
