package fault

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"minifb/shared/ops/sam"
)

// Every route of the template has faults, and every fault a name of its own and a route that exists.
func TestFaultsCoverEveryRoute(t *testing.T) {
	t.Parallel()
	template, err := sam.Load("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	routes := Routes(template)
	names, of := map[string]bool{}, map[string]int{}
	all := All(routes)
	for _, f := range all {
		if names[f.Name] {
			t.Errorf("two faults are called %q", f.Name)
		}
		names[f.Name] = true
		if f.on != "" && !slices.Contains(routes, f.on) {
			t.Errorf("%s is on %s, which is no route", f.Name, f.on)
		}
		of[f.on]++
	}
	for _, route := range routes {
		if of[route] == 0 && !strings.Contains(route, "/page/") {
			t.Errorf("%s has no fault", route)
		}
	}
	readme, err := os.ReadFile("../../../README.md")
	if err != nil || !strings.Contains(string(readme), fmt.Sprintf("plants %d faults", len(all))) {
		t.Errorf("README.md does not say that there are %d faults: %v", len(all), err)
	}
}

// Without a fault the proxy changes nothing, and a fault changes its route alone.
func TestProxyDistortsOneRoute(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Header().Set("X-Sent", r.Method+" "+r.RequestURI+" "+r.Header.Get("X-Of")+" "+string(body))
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"a":1}`)
	}))
	defer server.Close()
	behind, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	send := func(f Fault, path string) (status int, sent, body string) {
		proxy := NewProxy(f, behind, []string{"POST /post", "POST /post/{id}", "POST /post/mine"})
		defer proxy.Close()
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("text"))
		r.Header.Set("X-Of", "a")
		proxy.ServeHTTP(w, r)
		return w.Code, w.Header().Get("X-Sent"), w.Body.String()
	}
	for path, distorted := range map[string]bool{"/post/1?x=%2F": true, "/post/a%2Fb": true, "/post": false,
		"/post/mine": false} {
		status, sent, body := send(None, path)
		if status != http.StatusCreated || sent != "POST "+path+" a text" || body != `{"a":1}` {
			t.Errorf("%s without a fault: %d %q %s", path, status, sent, body)
		}
		status, _, body = send(Fault{"a is 2", "POST /post/{id}", always("a", 2)}, path)
		if want := map[bool]string{true: `{"a":2}`, false: `{"a":1}`}[distorted]; status != http.StatusCreated ||
			body != want {
			t.Errorf("%s with a fault: %d %s, want %s", path, status, body, want)
		}
	}
}
