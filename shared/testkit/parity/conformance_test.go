package parity

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"minifb/scripts/conformance/check"
	"minifb/scripts/conformance/contract"
	"minifb/shared/testkit/areatest"
	"minifb/shared/testkit/lambdatest"
)

const noLimits = "LIMITS=off"

// The bundle passes every case of the conformance kit, whatever is in front of its functions.
func TestConformance(t *testing.T) {
	t.Parallel()
	b := buildAll(t)
	for name, serve := range map[string]func(*testing.T, *fixture) string{
		"gateway": func(t *testing.T, f *fixture) string { return startBundle(t, b, f, false, noLimits).URL },
		"nginx":   func(t *testing.T, f *fixture) string { return startBundle(t, b, f, true, noLimits).URL },
		"lambda":  func(t *testing.T, f *fixture) string { return startLambdaFront(t, b, f) },
	} {
		t.Run(name, func(t *testing.T) {
			o := contract.Options()
			o.URL, o.Parallel = serve(t, newFixture(t, b.keys, []string{administrator})), 6
			o.Admin = &check.User{ID: administrator, Password: areatest.Password}
			results, err := check.Run(t.Context(), contract.Cases(), o)
			must(t, err)
			for _, r := range results {
				if r.Failure != nil {
					t.Errorf("%s\nrule: %s\n%s\nexpected: %s\ngot: %s",
						r.Case, r.Rule, r.Failure.Request, r.Failure.Expected, r.Failure.Got)
				}
			}
			t.Logf("%d cases", len(results))
		})
	}
}

// startLambdaFront serves HTTP in front of functions that get Lambda events, and returns its URL.
// Each function has one process, which serves one request at a time.
func startLambdaFront(t *testing.T, b *binaries, f *fixture) string {
	t.Helper()
	type process struct {
		*lambdatest.Instance
		turn chan struct{}
	}
	processes := map[string]process{}
	for _, function := range b.template.Functions {
		i, err := lambdatest.Start(b.path(function.Area), append(b.environment(t, function.Area, f), noLimits)...)
		must(t, err)
		t.Cleanup(i.Kill)
		processes[function.Area] = process{i, make(chan struct{}, 1)}
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := processes[areaOf(b.template, r.RequestURI)]
		invoke := func(ctx context.Context, payload []byte) ([]byte, error) {
			p.turn <- struct{}{}
			defer func() { <-p.turn }()
			return p.Invoke(ctx, payload)
		}
		out, err := lambdatest.FunctionURL.Do(invoke, r)
		if err != nil { // the client has gone
			return
		}
		defer out.Body.Close()
		for name, values := range out.Header {
			if !strings.EqualFold(name, "Content-Length") { // the body's, which HEAD does not have
				w.Header()[name] = slices.Clone(values)
			}
		}
		w.WriteHeader(out.StatusCode)
		_, _ = io.Copy(w, out.Body)
	}))
	t.Cleanup(front.Close)
	return front.URL
}
