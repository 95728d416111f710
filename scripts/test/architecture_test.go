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
	"slices"
	"strings"
	"testing"

	"minifb/shared/ops/sam"
)

// The tests of this file check the rules of ARCHITECTURE.md that neither the compiler nor the linter
// checks.

// top is the repository's folder.
const top = "../../"

func TestTopFolderHasNoOtherEntries(t *testing.T) {
	t.Parallel()
	known := []string{
		"ARCHITECTURE.md", "LICENSE", "Makefile", "README.md", "docs", "functions", "go.mod", "go.sum", "migrations",
		"scripts", "shared", "template.yaml",
	}
	var entries []string
	tracked, err := exec.Command("git", "-C", top, "-c", "safe.directory=*", "ls-files").Output()
	if err == nil {
		for path := range strings.Lines(string(tracked)) {
			name, _, _ := strings.Cut(strings.TrimSpace(path), "/")
			entries = append(entries, name)
		}
	} else { // git is not installed, or this is not a checkout
		for _, entry := range list(t, ".") {
			entries = append(entries, entry.Name())
		}
	}
	for _, name := range slices.Compact(entries) {
		if !strings.HasPrefix(name, ".") && !slices.Contains(known, name) {
			t.Errorf("%s is a new entry of the top folder: move it into a folder, or add it to this test and to "+
				"ARCHITECTURE.md", name)
		}
	}
}

func TestFunctionsAreThoseOfTheTemplate(t *testing.T) {
	t.Parallel()
	template, err := sam.Load(top + "template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	folders := areas(t)
	for _, f := range template.Functions {
		if !slices.Contains(folders, f.Area) {
			t.Errorf("template.yaml has the function %s: add functions/%s", f.Name, f.Area)
		}
	}
	for _, area := range folders {
		if _, ok := template.Function(area); !ok {
			t.Errorf("functions/%s is not in template.yaml: add the function to Resources there", area)
		}
	}
}

// A function's main.go documents the area, and main only calls function.Main.
func TestMainOnlyCallsFunctionMain(t *testing.T) {
	t.Parallel()
	for _, area := range areas(t) {
		file := parse(t, "functions/"+area+"/main.go")
		if file.Name.Name != "main" {
			t.Errorf("functions/%s is package %s, want main, which no package can import", area, file.Name.Name)
		}
		if !strings.HasPrefix(file.Doc.Text(), "Command "+area+" ") {
			t.Errorf("functions/%s/main.go: the comment above package must begin with \"Command %s\"", area, area)
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
			t.Errorf("functions/%s/main.go must declare only main, and main must only call %s, …)", area, want)
		}
	}
}

// Every area runs the checks that package areatest makes from its routes.
func TestEveryAreaRunsTheSharedChecks(t *testing.T) {
	t.Parallel()
	for _, area := range areas(t) {
		var called []string
		for _, entry := range list(t, "functions/"+area) {
			if !strings.HasSuffix(entry.Name(), "_test.go") {
				continue
			}
			ast.Inspect(parse(t, "functions/"+area+"/"+entry.Name()), func(n ast.Node) bool {
				if c, ok := n.(*ast.CallExpr); ok {
					called = append(called, call(c))
				}
				return true
			})
		}
		checkRoutes := fmt.Sprintf("areatest.CheckRoutes(t, %q, routes", area)
		for _, want := range []string{checkRoutes, "areatest.Main(m, routes"} {
			if !slices.ContainsFunc(called, func(c string) bool { return strings.HasPrefix(c, want) }) {
				t.Errorf("the tests of functions/%s do not call %s)", area, want)
			}
		}
	}
}

// An interface is declared only where two types implement it. This list names them.
func TestInterfacesHaveTwoImplementations(t *testing.T) {
	t.Parallel()
	known := map[string]string{
		"scripts/stress queryer":   "a pool and a connection of database/sql",
		"shared/api appender":      "response.Post, a comment, Encoded",
		"shared/api document":      "AssetOutput, HTMLOutput and JSONOutput",
		"shared/store nativeModel": "Post, Comment, Notification",
		"shared/store queryer":     "a pool and a transaction of database/sql",
	}
	found := map[string]bool{}
	for _, path := range goFiles(t) {
		ast.Inspect(parse(t, path), func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			declared, ok := spec.Type.(*ast.InterfaceType)
			if !ok || !slices.ContainsFunc(declared.Methods.List, isMethod) {
				return true // not an interface, or only a constraint of type parameters
			}
			name := filepath.Dir(path) + " " + spec.Name.Name
			found[name] = true
			if known[name] == "" {
				t.Errorf("%s is an interface: use the concrete type, or add its implementations to this test", name)
			}
			return true
		})
	}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if !found[name] {
			t.Errorf("%s does not exist: remove it from this test", name)
		}
	}
}

func isMethod(f *ast.Field) bool {
	_, ok := f.Type.(*ast.FuncType)
	return ok
}

// list returns the entries of a folder, given by its path from the top.
func list(t *testing.T, folder string) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(top + folder)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// areas returns the names of the folders in functions/.
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

// goFiles returns the paths of all Go files from the top.
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

// parse parses a Go file, given by its path from the top.
func parse(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), top+path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// call returns a call of a package's function as text, such as `function.Main("post", routes)`. An
// argument other than a name or a literal is left out between its commas. Other expressions return
// "".
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
