package areatest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
)

// A Step is one request of a scenario with the response that it must get.
type Step struct {
	Name   string
	As     *Caller           // nil: without a token
	Do     string            // method and path, such as "DELETE /post/14"
	Body   string            // JSON; empty: no body
	Header map[string]string // replaces Authorization and Content-Type where it names them
	Want   int               // status
	Hint   string            // of the error response; empty: any
	Check  func(*testing.T, Response)
}

// A Response is a response with its whole body.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON decodes the body into a value.
func (r Response) JSON(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(r.Body, into); err != nil {
		t.Fatalf("decode the body %q: %v", r.Body, err)
	}
}

// Object returns the body as a JSON object.
func (r Response) Object(t testing.TB) (object map[string]any) {
	t.Helper()
	r.JSON(t, &object)
	return object
}

// Items returns the items of a list.
func (r Response) Items(t testing.TB) []map[string]any {
	t.Helper()
	var list struct{ Items []map[string]any }
	r.JSON(t, &list)
	return list.Items
}

// Run runs the steps in order, each as a subtest. Steps after a failed one run too.
func (s *Server) Run(t *testing.T, steps []Step) {
	t.Helper()
	for _, step := range steps {
		t.Run(step.Name, func(t *testing.T) {
			response := Do(t, s.URL, step)
			if response.Status != step.Want {
				t.Fatalf("%s: status %d, want %d: %s", step.Do, response.Status, step.Want, response.Body)
			}
			CheckResponse(t, response)
			if response.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s: a page of another origin may not read the response: %v", step.Do, response.Header)
			}
			if step.Hint != "" {
				if hint := response.Object(t)["hint"]; hint != step.Hint {
					t.Errorf("%s: hint %q, want %q", step.Do, hint, step.Hint)
				}
			}
			if step.Check != nil {
				step.Check(t, response)
			}
		})
	}
}

// Do sends one request, such as "GET /post/14" with an empty body, and returns the response.
func (s *Server) Do(t testing.TB, as *Caller, do, body string) Response {
	t.Helper()
	return Do(t, s.URL, Step{As: as, Do: do, Body: body})
}

// Do sends the step's request to the server at url and returns the response. It follows no
// redirect.
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
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return Response{response.StatusCode, response.Header, body}
}

// CheckResponse checks what the contract demands of every response: some headers, the media type,
// and the body of an error.
func CheckResponse(t testing.TB, r Response) {
	t.Helper()
	if r.Header.Get("X-Request-Id") == "" || r.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("X-Request-Id or X-Content-Type-Options is missing: %v", r.Header)
	}
	if r.Status == http.StatusNoContent {
		if len(r.Body) > 0 {
			t.Errorf("204 with a body: %q", r.Body)
		}
		return
	}
	isDocument := r.Status < 400 && strings.HasPrefix(r.Header.Get("Content-Type"), "text/")
	if got := r.Header.Get("Content-Type"); got != "application/json" && !isDocument {
		t.Errorf("Content-Type is %q", got)
	}
	if r.Status < 400 || len(r.Body) == 0 { // a response to HEAD has no body
		return
	}
	var body struct{ Result, Hint *string }
	decoder := json.NewDecoder(bytes.NewReader(r.Body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil || body.Result == nil || body.Hint == nil ||
		*body.Result != http.StatusText(r.Status) || *body.Hint == "" {
		t.Errorf("status %d has the body %s", r.Status, r.Body)
	}
	if (r.Header.Get("WWW-Authenticate") != "") != (r.Status == http.StatusUnauthorized) {
		t.Errorf("status %d with WWW-Authenticate %q", r.Status, r.Header.Get("WWW-Authenticate"))
	}
	wantRetry := r.Status == http.StatusServiceUnavailable || r.Status == http.StatusTooManyRequests
	if (r.Header.Get("Retry-After") != "") != wantRetry {
		t.Errorf("status %d with Retry-After %q", r.Status, r.Header.Get("Retry-After"))
	}
}
