package areatest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A Step is one request of a scenario and what it must be answered with. Steps run in order, each as a subtest.
type Step struct {
	Name   string
	As     *Caller           // nil: signed out
	Do     string            // "DELETE /post/14"
	Body   string            // JSON; none where empty
	Header map[string]string // beside Authorization and Content-Type, which it overrides
	Want   int               // status
	Hint   string            // the error's hint, where it matters
	Check  func(*testing.T, Response)
}

// An Answer is a response, read whole.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON decodes the body.
func (a Response) JSON(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(a.Body, into); err != nil {
		t.Fatalf("the answer %q: %v", a.Body, err)
	}
}

// Object is the body as a JSON object.
func (a Response) Object(t testing.TB) (object map[string]any) {
	t.Helper()
	a.JSON(t, &object)
	return object
}

// Items are a list's items.
func (a Response) Items(t testing.TB) []map[string]any {
	t.Helper()
	var list struct{ Items []map[string]any }
	a.JSON(t, &list)
	return list.Items
}

// Run takes the steps in order; a step that fails does not keep the others from running.
func (b *Server) Run(t *testing.T, steps []Step) {
	t.Helper()
	for _, step := range steps {
		t.Run(step.Name, func(t *testing.T) {
			answer := Do(t, b.URL, step)
			if answer.Status != step.Want {
				t.Fatalf("%s: status %d, want %d: %s", step.Do, answer.Status, step.Want, answer.Body)
			}
			CheckResponse(t, answer)
			if step.Hint != "" {
				if hint := answer.Object(t)["hint"]; hint != step.Hint {
					t.Errorf("%s: hint %q, want %q", step.Do, hint, step.Hint)
				}
			}
			if step.Check != nil {
				step.Check(t, answer)
			}
		})
	}
}

// Do sends one step's request to a bundle and answers whatever came.
func (b *Server) Do(t testing.TB, as *Caller, do, body string) Response {
	t.Helper()
	return Do(t, b.URL, Step{As: as, Do: do, Body: body})
}

// Do sends one step's request to the server at url.
func Do(t testing.TB, url string, step Step) Response {
	t.Helper()
	method, path, _ := strings.Cut(step.Do, " ")
	request, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(step.Body))
	if err != nil {
		t.Fatal(err)
	}
	if step.Body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if step.As != nil {
		request.Header.Set("Authorization", "Bearer "+step.As.Token)
	}
	for name, value := range step.Header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultTransport.RoundTrip(request) // follows no redirect
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Response{response.StatusCode, response.Header, read}
}

// CheckResponse reports what the contract demands of every response and a does not have: headers, media type, error body.
func CheckResponse(t testing.TB, a Response) {
	t.Helper()
	if a.Header.Get("X-Request-Id") == "" || a.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("the answer lacks X-Request-Id or X-Content-Type-Options: %v", a.Header)
	}
	if a.Status == http.StatusNoContent {
		if len(a.Body) > 0 {
			t.Errorf("204 with a body: %q", a.Body)
		}
		return
	}
	if got := a.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q", got)
	}
	if a.Status < 400 || len(a.Body) == 0 { // an answer to HEAD has none
		return
	}
	var e struct{ Result, Hint *string }
	decoder := json.NewDecoder(strings.NewReader(string(a.Body)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&e); err != nil || e.Result == nil || e.Hint == nil || *e.Result != http.StatusText(a.Status) || *e.Hint == "" {
		t.Errorf("status %d has the body %s", a.Status, a.Body)
	}
	if (a.Header.Get("WWW-Authenticate") != "") != (a.Status == http.StatusUnauthorized) {
		t.Errorf("status %d with WWW-Authenticate %q", a.Status, a.Header.Get("WWW-Authenticate"))
	}
	if (a.Header.Get("Retry-After") != "") != (a.Status == http.StatusServiceUnavailable || a.Status == http.StatusTooManyRequests) {
		t.Errorf("status %d with Retry-After %q", a.Status, a.Header.Get("Retry-After"))
	}
}
