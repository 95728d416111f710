package main

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"minifb/shared/ops/sam"
)

// The tests of this file compare lists that people read with what they list.

// content returns the text of a file, given by its path from the top.
func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(top + path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// make help prints the text after ## of each target.
func TestMakeHelpListsEveryTarget(t *testing.T) {
	t.Parallel()
	help, err := exec.Command("make", "--no-print-directory", "-C", top, "help").Output()
	if err != nil {
		t.Fatal(err)
	}
	targets := regexp.MustCompile(`(?m)^([a-z][a-zA-Z_-]*):`).FindAllStringSubmatch(content(t, "Makefile"), -1)
	if len(targets) == 0 {
		t.Fatal("the Makefile has no target")
	}
	for _, target := range targets {
		if !strings.Contains(string(help), "make "+target[1]+" ") {
			t.Errorf("make help does not list %s: add \"## what it does\" after its colon in the Makefile", target[1])
		}
	}
}

// The plan of the code in ARCHITECTURE.md has a line for each package, with the name of its folder and
// a slash.
func TestArchitectureListsEveryPackage(t *testing.T) {
	t.Parallel()
	text := content(t, "ARCHITECTURE.md")
	for _, folder := range []string{"shared", "shared/ops", "shared/testkit"} {
		for _, entry := range list(t, folder) {
			if !entry.IsDir() || entry.Name() == "ops" || entry.Name() == "testkit" {
				continue
			}
			if !regexp.MustCompile(`(?m)^ +` + entry.Name() + `/ `).MatchString(text) {
				t.Errorf("ARCHITECTURE.md does not list %s/%s: add a line with %s/ below %s/ in the section Packages",
					folder, entry.Name(), entry.Name(), folder)
			}
		}
	}
}

// `sam deploy` asks for the parameters, which docs/lambda.md explains.
func TestLambdaDocumentNamesEveryParameter(t *testing.T) {
	t.Parallel()
	template, err := sam.Load(top + "template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := content(t, "docs/lambda.md")
	for _, p := range template.Parameters {
		if !regexp.MustCompile(`\b` + p.Name + `\b`).MatchString(text) {
			t.Errorf("docs/lambda.md does not name the parameter %s of template.yaml: add it to Settings", p.Name)
		}
	}
}
