package main

import (
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"minifb/shared/api"
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

// Neither CloudFormation's console nor its API shows the parameters that hold secrets.
func TestTemplateHidesSecrets(t *testing.T) {
	t.Parallel()
	var written struct {
		Parameters map[string]struct {
			NoEcho bool `yaml:"NoEcho"`
		} `yaml:"Parameters"`
	}
	if err := yaml.Unmarshal([]byte(content(t, "template.yaml")), &written); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"DatabaseUrl", "TokenPrivateKey", "SmtpUrl"} {
		if parameter, ok := written.Parameters[name]; !ok || !parameter.NoEcho {
			t.Errorf("template.yaml: the parameter %s lacks NoEcho", name)
		}
	}
}

// A function responds with its own 504, and stores what it counted, before Lambda kills its process.
func TestFunctionsEndBeforeLambdaStopsThem(t *testing.T) {
	t.Parallel()
	template, err := sam.Load(top + "template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range template.Functions {
		limit := 10 * time.Second // the default of REQUEST_TIMEOUT
		for _, v := range f.Env {
			if v.Name == "REQUEST_TIMEOUT" {
				if limit, err = time.ParseDuration(v.Value); err != nil {
					t.Errorf("template.yaml: %s: REQUEST_TIMEOUT: %v", f.Name, err)
				}
			}
		}
		if f.Timeout-limit < 5*time.Second {
			t.Errorf("template.yaml: %s: Timeout is %v, want 5s above REQUEST_TIMEOUT, %v", f.Name, f.Timeout, limit)
		}
	}
}

// An HTTP API of AWS responds to preflights itself, by the template.
func TestTemplateAllowsWhatPreflightsAllow(t *testing.T) {
	t.Parallel()
	var written struct {
		Globals struct {
			HTTPAPI struct {
				CORS struct {
					Methods []string `yaml:"AllowMethods"`
					Headers []string `yaml:"AllowHeaders"`
					Exposed []string `yaml:"ExposeHeaders"`
					MaxAge  int      `yaml:"MaxAge"`
				} `yaml:"CorsConfiguration"`
			} `yaml:"HttpApi"`
		} `yaml:"Globals"`
	}
	if err := yaml.Unmarshal([]byte(content(t, "template.yaml")), &written); err != nil {
		t.Fatal(err)
	}
	template, err := sam.Load(top + "template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	methods := []string{http.MethodHead}
	for _, f := range template.Functions {
		for _, route := range f.Routes {
			methods = append(methods, route.Method)
		}
	}
	slices.Sort(methods)
	cors := written.Globals.HTTPAPI.CORS
	slices.Sort(cors.Methods)
	for name, lists := range map[string][2][]string{
		"AllowMethods":  {cors.Methods, slices.Compact(methods)},
		"AllowHeaders":  {cors.Headers, strings.Split(api.AllowedHeaders, ", ")},
		"ExposeHeaders": {cors.Exposed, strings.Split(api.ExposedHeaders, ", ")},
		"MaxAge":        {{strconv.Itoa(cors.MaxAge)}, {strconv.Itoa(api.PreflightMaxAge)}},
	} {
		if !slices.Equal(lists[0], lists[1]) {
			t.Errorf("template.yaml: CorsConfiguration: %s is %q; functions say %q", name, lists[0], lists[1])
		}
	}
}
