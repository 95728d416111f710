package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"minifb/scripts/conformance/check"
	"minifb/scripts/conformance/contract"
	"minifb/scripts/conformance/core"
)

// The kit shares no code with what it checks.
func TestKitSharesNoCode(t *testing.T) {
	t.Parallel()
	output, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.Lines(string(output)) {
		path = strings.TrimSpace(path)
		if strings.HasPrefix(path, "minifb/") && !strings.HasPrefix(path, "minifb/scripts/conformance") {
			t.Errorf("the kit imports %s", path)
		}
	}
}

// Names are unique, and each case has a rule.
func TestCasesHaveNamesAndRules(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range slices.Concat(contract.Cases(), contract.LimitCases(), contract.ExpiredCases("")) {
		if seen[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		seen[c.Name] = true
		if !strings.Contains(c.Name, "/") || !strings.HasSuffix(c.Rule, ".") {
			t.Errorf("%q, %q: want area/name, and a sentence", c.Name, c.Rule)
		}
	}
}

// serve returns the URL of a server that gives every request the same response.
func serve(t *testing.T, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("X-Request-Id", r.Header.Get("X-Request-Id")+"x")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// A server with nothing behind its routes fails nearly every case.
func TestEmptyServersFail(t *testing.T) {
	t.Parallel()
	coreCases, _ := core.Cases(core.Default())
	all := slices.Concat(contract.Cases(), contract.LimitCases(), contract.ExpiredCases("a.b.c"))
	for name, url := range map[string]string{
		"200 {}": serve(t, http.StatusOK, "{}"),
		"404":    serve(t, http.StatusNotFound, `{"result":"Not Found","hint":"There is nothing."}`),
	} {
		failNearlyAll(t, name+", full", url, all, contract.Options())
		failNearlyAll(t, name+", core", url, coreCases, core.Options(core.Default()))
	}
}

func failNearlyAll(t *testing.T, name, url string, cases []check.Case, o check.Options) {
	t.Helper()
	o.URL, o.Parallel, o.Admin = url, 8, &check.User{ID: "root.1", Password: "correct horse"}
	results, err := check.Run(t.Context(), cases, o)
	if err != nil {
		t.Fatal(err)
	}
	var passed []string
	for _, r := range results {
		if r.Failure == nil {
			passed = append(passed, r.Case)
		}
	}
	if len(results) < 100 || len(passed)*20 > len(results) {
		t.Errorf("%s: %d of %d cases pass: %s", name, len(passed), len(results), strings.Join(passed, "; "))
	}
	t.Logf("%s: %d of %d cases pass", name, len(passed), len(results))
}

// A file of names that lacks one, or has one that means nothing, is refused.
func TestBadNames(t *testing.T) {
	t.Parallel()
	ours, err := os.ReadFile("core/names.json")
	if err != nil {
		t.Fatal(err)
	}
	for what, replace := range map[string][2]string{
		"a route is missing":  {`"sign_in": "POST /auth",`, ""},
		"another route":       {`"sign_in"`, `"sing_in"`},
		"a route with a URL":  {"GET /check/id/{user}", "http://localhost/check/{user}"},
		"a member is missing": {`"rps": "rps",`, ""},
		"no token":            {"Bearer {token}", "Bearer"},
		"no pages":            {`"next": "next"`, `"next": ""`},
		"no size":             {`"size": "size"`, `"size": ""`},
		"no JSON":             {"{", ""},
		"an unknown part":     {`"lists"`, `"list"`},
	} {
		text := strings.Replace(string(ours), replace[0], replace[1], 1)
		if _, err := core.Parse([]byte(text)); err == nil || text == string(ours) {
			t.Errorf("%s: no error", what)
		}
	}
	without, err := core.Parse(bytes.Replace(ours, []byte("POST /temporary-password"), nil, 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, left := core.Cases(without); len(left) != 1 {
		t.Errorf("without a route %d cases are left out, want 1", len(left))
	}
}

// A server that limits sign-ups cannot be checked, and the error says what to do.
func TestLimitedServerIsNotChecked(t *testing.T) {
	t.Parallel()
	limited := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer limited.Close()
	if _, err := run(t.Context(), []string{limited.URL}); err == nil || !strings.Contains(err.Error(),
		"LIMITS=off make run") {
		t.Errorf("the error is %v", err)
	}
}

// What needs more than a server is left out, and the output says what it needs.
func TestCasesThatNeedMoreAreLeftOut(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                 "-admin ID:PASSWORD|-expired-token TOKEN|-profile limits",
		"-expired-token x": "-admin ID:PASSWORD|-profile limits",
		"-admin a:b":       "-expired-token TOKEN|-profile limits",
		"-run ^token/":     "-expired-token TOKEN",
		"-run ^auth/":      "",
		"-profile limits":  "",
	} {
		s, err := parse(append(strings.Fields(args), "http://localhost"))
		if err != nil {
			t.Fatal(err)
		}
		_, leftOut, err := s.cases()
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range leftOut {
			_, need, _ := strings.Cut(line, "they need ")
			leftOut[i], _, _ = strings.Cut(need, ",")
		}
		slices.Sort(leftOut)
		if got := strings.Join(leftOut, "|"); got != want {
			t.Errorf("%q: left out is what needs %s, want %s", args, got, want)
		}
	}
}

// Scripts go by the exit code.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		failed int
		err    error
		want   int
	}{{0, nil, 0}, {1, nil, 1}, {9, nil, 1}, {0, io.EOF, 2}, {1, io.EOF, 2}, {0, flag.ErrHelp, 0}} {
		if got := exitCode(c.failed, c.err); got != c.want {
			t.Errorf("%d failed, %v: the exit code is %d, want %d", c.failed, c.err, got, c.want)
		}
	}
}

// The argument names the server; without one, the environment does.
func TestServerByArgumentOrVariable(t *testing.T) {
	t.Setenv("BASE_URL", "http://b.example/")
	for args, want := range map[string]string{"": "http://b.example", "http://a.example": "http://a.example"} {
		if s, err := parse(strings.Fields(args)); err != nil || s.url != want {
			t.Errorf("%q: got %s, %v, want %s", args, s.url, err, want)
		}
	}
}

func TestBadArguments(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{}, {"a", "b"}, {"localhost:8080"}, {"-run", "(", "http://localhost"}, {"-admin", "root", "http://localhost"},
		{"-profile", "x", "http://localhost"}, {"-profile", "core", "-expired-token", "x", "http://localhost"},
		{"-parallel", "0", "http://localhost"}, {"-run", "^no such$",
			"http://localhost"},
		{"http://127.0.0.1:1"},
	} {
		if _, err := run(t.Context(), args); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
}

// The files hold what people read, for programs.
func TestFiles(t *testing.T) {
	t.Parallel()
	inJSON, inXML := filepath.Join(t.TempDir(), "a.json"), filepath.Join(t.TempDir(), "a.xml")
	failed, err := run(t.Context(), []string{
		"-run", "^auth/", "-json", inJSON, "-junit", inXML, serve(t, http.StatusOK, "{}"),
	})
	if err != nil || failed < 10 {
		t.Fatalf("%d failed, %v", failed, err)
	}
	var report struct {
		Cases, Failed int
		Results       []check.Result
	}
	text, err := os.ReadFile(inJSON)
	if err != nil || json.Unmarshal(text, &report) != nil || report.Failed != failed ||
		len(report.Results) != report.Cases {
		t.Errorf("%s, %v", text, err)
	}
	for _, r := range report.Results {
		if f := r.Failure; f == nil || f.Case == "" || f.Rule == "" || f.Request == "" || f.Expected == "" ||
			f.Got == "" {
			t.Errorf("%s: %+v", r.Case, f)
		}
	}
	var suite struct {
		Failures int `xml:"failures,attr"`
		Cases    []struct {
			Failure string `xml:"failure"`
		} `xml:"testcase"`
	}
	if text, err = os.ReadFile(inXML); err != nil || xml.Unmarshal(text, &suite) != nil || suite.Failures != failed ||
		len(suite.Cases) != report.Cases || suite.Cases[0].Failure == "" {
		t.Errorf("%s, %v", text, err)
	}
}
