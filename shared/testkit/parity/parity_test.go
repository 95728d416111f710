// Package parity holds every way in to the functions against the others: the same request must be answered with the same status,
// headers and body, to the byte. What differs all the same is listed in differences_test.go, with its cause.
package parity

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"minifb/shared/ops/release"
	"minifb/shared/ops/sam"
	"minifb/shared/token"
)

const top = "../../../"

func TestEveryWayInAnswersTheSame(t *testing.T) {
	t.Parallel()
	b := compiled(t)
	requests := suite(b.template)
	seen := map[string]bool{}
	for _, r := range requests {
		if seen[r.Name] {
			t.Errorf("two requests are called %q", r.Name)
		}
		seen[r.Name] = true
	}

	answers := make([][]reply, len(ways))
	turns := make(chan struct{}, 3) // each way runs as many processes as there are functions
	var all sync.WaitGroup
	for i, w := range ways {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			t.Run(w.name, func(t *testing.T) { answers[i] = ask(t, b, w, requests) })
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	everyRouteSucceeds(t, b.template, requests, answers[0])
	everyStatusIsThere(t, answers[0])
	compare(t, requests, answers)
}

// compiled compiles the functions and the trial one, as they are compiled for Lambda; once for all tests.
func compiled(t *testing.T) *bundle {
	t.Helper()
	b, err := built()
	must(t, err)
	return b
}

var built = sync.OnceValues(func() (*bundle, error) {
	content, err := os.ReadFile(top + "template.yaml")
	if err != nil {
		return nil, err
	}
	template, err := sam.Parse([]byte(strings.Replace(string(content), "\nResources:\n", "\nResources:\n"+trial, 1)))
	if err != nil {
		return nil, err
	}
	b := &bundle{template: template, binaries: binaries}
	if b.keys.private, b.keys.public, err = token.GenerateKeys(); err != nil {
		return nil, err
	}
	var said strings.Builder
	target := release.Target{Arch: runtime.GOARCH, Lambda: true}
	if err := release.Build(context.Background(), top, b.binaries, target, &said, "./functions/...", "./shared/testkit/parity/probe"); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, said.String())
	}
	return b, nil
})

var binaries string // a folder that goes with the tests

func TestMain(m *testing.M) {
	var err error
	if binaries, err = os.MkdirTemp("", "parity"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(binaries)
	os.Exit(code)
}

// trial is a function of the test's own, beside those of the template.
const trial = `
  Trial:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: makefile
    Properties:
      Description: For tests
      Events:
        Panic: {Type: HttpApi, Properties: {Method: GET, Path: "/trial/panic"}}
        Fail: {Type: HttpApi, Properties: {Method: GET, Path: "/trial/fail"}}
        Slow: {Type: HttpApi, Properties: {Method: GET, Path: "/trial/slow"}}
        Binary: {Type: HttpApi, Properties: {Method: GET, Path: "/trial/binary"}}
        Echo: {Type: HttpApi, Properties: {Method: GET, Path: "/trial/echo/{id}"}}
        EchoBody: {Type: HttpApi, Properties: {Method: POST, Path: "/trial/echo/{id}"}}
`

func ask(t *testing.T, b *bundle, way way, requests []request) (answers []reply) {
	w := newWorld(t, b.keys, callers(b.template))
	send := way.start(t, b, w)
	away := false
	for _, r := range requests {
		if r.Outaged && !away {
			w.line.cut()
			away = true
		}
		area := areaOf(b.template, r.Target)
		r.Body = w.words.Replace(r.Body)
		r.Header = slices.Clone(r.Header)
		for i, line := range r.Header {
			r.Header[i] = w.words.Replace(line)
		}
		answers = append(answers, masked(r, send(t, area, r)))
	}
	return answers
}

// areaOf picks the function for a path, as a gateway's routes do; posts get what is nobody's.
func areaOf(t *sam.Template, target string) string {
	path, _, _ := strings.Cut(target, "?")
	best, area := -1, "post"
	for _, f := range t.Functions {
		for _, r := range f.Routes {
			literal := 0
			want, got := strings.Split(r.Path, "/"), strings.Split(path, "/")
			if len(want) != len(got) {
				continue
			}
			for i := range want {
				switch {
				case want[i] == got[i]:
					literal++
				case !strings.HasPrefix(want[i], "{") || got[i] == "":
					literal = -1 << 10
				}
			}
			if literal > best {
				best, area = literal, f.Area
			}
		}
	}
	return area
}

// What differs between two worlds, and between two moments.
var (
	moments   = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z`)
	sessions  = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	tokens    = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`)
	refreshes = regexp.MustCompile(`"refresh_token":"[^"]+"`)
)

// hops are headers of the connection or the server, and not of the answer.
var hops = []string{"Connection", "Date", "Keep-Alive", "Server", "Transfer-Encoding"}

func masked(r request, a reply) reply {
	a.Body = moments.ReplaceAllString(a.Body, "<time>")
	a.Body = sessions.ReplaceAllString(a.Body, "<session>")
	a.Body = tokens.ReplaceAllString(a.Body, "<token>")
	a.Body = refreshes.ReplaceAllString(a.Body, `"refresh_token":"<refresh>"`)
	for _, name := range hops {
		a.Header.Del(name)
	}
	if r.Untold && len(a.Header.Get("X-Request-Id")) >= 20 { // each makes its own
		a.Header.Set("X-Request-Id", "<made>")
	}
	return a
}

func everyRouteSucceeds(t *testing.T, template *sam.Template, requests []request, answers []reply) {
	t.Helper()
	for _, route := range routes(template) {
		if !slices.ContainsFunc(requests, func(r request) bool {
			return strings.HasPrefix(r.Name, route.String()+": ") && answers[slices.IndexFunc(requests, func(o request) bool { return o.Name == r.Name })].Status < 300
		}) {
			t.Errorf("%s never succeeds: give it an entry in examples", route)
		}
	}
}

// everyStatusIsThere keeps the suite from growing poorer than the contract. 429 is the limits' own tests' matter.
func everyStatusIsThere(t *testing.T, answers []reply) {
	t.Helper()
	for _, status := range []int{200, 201, 204, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 500, 503, 504} {
		if !slices.ContainsFunc(answers, func(a reply) bool { return a.Status == status }) {
			t.Errorf("no request is answered %d", status)
		}
	}
}

// unequal are the parts in which two replies differ: "status", "body", or a header's name.
func unequal(a, b reply) (parts []string) {
	if a.Status != b.Status {
		parts = append(parts, "status")
	}
	if a.Body != b.Body {
		parts = append(parts, "body")
	}
	names := maps.Clone(a.Header)
	maps.Copy(names, b.Header)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !slices.Equal(a.Header[name], b.Header[name]) {
			parts = append(parts, name)
		}
	}
	return parts
}

func short(s string) string {
	if len(s) > 300 {
		return fmt.Sprintf("%.300q… (%d bytes)", s, len(s))
	}
	return fmt.Sprintf("%q", s)
}

func show(a reply, part string) string {
	switch part {
	case "status":
		return fmt.Sprint(a.Status)
	case "body":
		return short(a.Body)
	}
	return fmt.Sprintf("%q", a.Header[part])
}
