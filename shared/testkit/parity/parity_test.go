// Package parity checks that every transport returns the same response to the same request: status,
// headers and body, byte for byte. differences_test.go lists the exceptions, each with its cause.
package parity

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"minifb/shared/ops/keys"
	"minifb/shared/ops/sam"
	"minifb/shared/testkit/built"
)

const root = "../../../"

func TestEveryTransportReturnsTheSame(t *testing.T) {
	t.Parallel()
	b := buildAll(t)
	requests := allRequests(b.template)
	named := map[string]bool{}
	for _, r := range requests {
		if named[r.Name] {
			t.Errorf("two requests have the name %q", r.Name)
		}
		named[r.Name] = true
	}

	responses := make([][]response, len(transports))
	slots := make(chan struct{}, 3) // each transport runs a process for each function
	var group sync.WaitGroup
	for i, transport := range transports {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			t.Run(transport.name, func(t *testing.T) { responses[i] = sendAll(t, b, transport, requests) })
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	checkEveryRouteSucceeds(t, b.template, requests, responses[0])
	checkEveryStatusOccurs(t, responses[0])
	compare(t, requests, responses)
}

// binaries are the functions of the template and the probe, compiled as for Lambda.
type binaries struct {
	template *sam.Template
	dir      string
	keys     string // the directory of the keys, the same for all fixtures
}

func (b *binaries) path(area string) string { return filepath.Join(b.dir, area) }

// buildAll compiles the functions, once for all tests.
func buildAll(t *testing.T) *binaries {
	t.Helper()
	b, err := builtOnce()
	must(t, err)
	return b
}

var builtOnce = sync.OnceValues(func() (*binaries, error) {
	content, err := os.ReadFile(root + "template.yaml")
	if err != nil {
		return nil, err
	}
	withProbe := strings.Replace(string(content), "\nResources:\n", "\nResources:\n"+probe, 1)
	template, err := sam.Parse([]byte(withProbe))
	if err != nil {
		return nil, err
	}
	b := &binaries{template: template, keys: filepath.Join(temporary, "keys")}
	if _, err := keys.Ensure(b.keys); err != nil {
		return nil, err
	}
	b.dir, err = built.Programs(context.Background(), root, filepath.Join(temporary, "bin"), true,
		"./functions/...", "./shared/testkit/parity/probe")
	return b, err
})

var temporary string // a folder, removed after the tests

func TestMain(m *testing.M) {
	var err error
	if temporary, err = os.MkdirTemp("", "parity"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(temporary)
	os.Exit(code)
}

// probe is a function for these tests, beside those of the template.
const probe = `
  Probe:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: makefile
    Properties:
      Description: For tests
      Environment: {Variables: {REQUEST_TIMEOUT: 300ms}}
      Events:
        Panic: {Type: HttpApi, Properties: {Method: GET, Path: "/probe/panic"}}
        Fail: {Type: HttpApi, Properties: {Method: GET, Path: "/probe/fail"}}
        Slow: {Type: HttpApi, Properties: {Method: GET, Path: "/probe/slow"}}
        Binary: {Type: HttpApi, Properties: {Method: GET, Path: "/probe/binary"}}
        Echo: {Type: HttpApi, Properties: {Method: GET, Path: "/probe/echo/{id}"}}
        EchoBody: {Type: HttpApi, Properties: {Method: POST, Path: "/probe/echo/{id}"}}
`

// sendAll sends all requests through one transport, and returns the responses without what always
// differs.
func sendAll(t *testing.T, b *binaries, transport transport, requests []request) (responses []response) {
	f := newFixture(t, b.keys, users(b.template))
	send := transport.start(t, b, f)
	cut := false
	for _, r := range requests {
		if r.WithoutDatabase && !cut {
			f.proxy.Close()
			cut = true
		}
		r.Body = f.placeholders.Replace(r.Body)
		r.Header = slices.Clone(r.Header)
		for i, line := range r.Header {
			r.Header[i] = f.placeholders.Replace(line)
		}
		got, err := send(t.Context(), areaOf(b.template, r.Target), r)
		if err != nil {
			t.Fatalf("%s: %v", r.Name, err)
		}
		responses = append(responses, masked(r, got))
	}
	return responses
}

// areaOf returns the area that serves a path, as a gateway's routes do. Paths without a route are
// for post.
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

// These values are different in every fixture, or at every moment.
var (
	times         = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z`)
	sessions      = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	accessTokens  = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`)
	refreshTokens = regexp.MustCompile(`"refresh_token":"[^"]+"`)
	temporaries   = regexp.MustCompile(`"temporary_password":"[^"]+"`)
)

// hopByHop are headers of the connection or the server, which are not part of the response.
var hopByHop = []string{"Connection", "Date", "Keep-Alive", "Server", "Transfer-Encoding"}

// masked replaces and removes what always differs.
func masked(r request, a response) response {
	a.Body = times.ReplaceAllString(a.Body, "<time>")
	a.Body = sessions.ReplaceAllString(a.Body, "<session>")
	a.Body = accessTokens.ReplaceAllString(a.Body, "<token>")
	a.Body = refreshTokens.ReplaceAllString(a.Body, `"refresh_token":"<refresh>"`)
	a.Body = temporaries.ReplaceAllString(a.Body, `"temporary_password":"<temporary>"`)
	// Not every request is stored yet.
	if strings.HasPrefix(r.Target, "/backoffice/stat/") && a.Status == http.StatusOK {
		a.Body = "<statistics>"
		if a.Header.Get("Content-Length") != "0" {
			a.Header.Set("Content-Length", "<length>")
		}
	}
	for _, name := range hopByHop {
		a.Header.Del(name)
	}
	if r.NoRequestID && len(a.Header.Get("X-Request-Id")) >= 20 { // each transport generates its own
		a.Header.Set("X-Request-Id", "<generated>")
	}
	return a
}

func checkEveryRouteSucceeds(t *testing.T, template *sam.Template, requests []request, responses []response) {
	t.Helper()
	for _, route := range routes(template) {
		succeeded := false
		for i, r := range requests {
			if strings.HasPrefix(r.Name, route.String()+": ") && responses[i].Status < 300 {
				succeeded = true
			}
		}
		if !succeeded {
			t.Errorf("no request to %s succeeds: add it to examples", route)
		}
	}
}

// checkEveryStatusOccurs checks that the requests get every status of the contract. The tests of
// the limits check 429.
func checkEveryStatusOccurs(t *testing.T, responses []response) {
	t.Helper()
	for _, status := range []int{200, 201, 204, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 500, 503, 504} {
		if !slices.ContainsFunc(responses, func(r response) bool { return r.Status == status }) {
			t.Errorf("no request gets %d", status)
		}
	}
}
