package render_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"minifb/shared/ops/host"
	"minifb/shared/ops/render"
	"minifb/shared/testkit/programs"
)

// GET /health is 200 if all functions are ready. Otherwise it names one that is not, without a request to any route.
func TestHealthNamesWhatIsDown(t *testing.T) {
	t.Parallel()
	dir := root(t)
	if err := os.Mkdir(filepath.Join(dir, host.Run), 0o755); err != nil {
		t.Fatal(err)
	}
	var down atomic.Value // the area that is not ready
	down.Store("")
	for _, area := range []string{"post", "comment", "gone", "backoffice", "inside"} {
		serve(t, dir, area, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.URL.Path != "/readyz" || r.Method != http.MethodGet:
				t.Errorf("%s received %s %s", area, r.Method, r.URL)
			case down.Load() == area:
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusServiceUnavailable)
				io.WriteString(w, "the reason of "+area)
			default:
				w.Header().Set("Content-Type", "application/json")
				io.WriteString(w, "{}")
			}
		})
	}
	address, health := programs.FreeAddress(t), programs.FreeAddress(t)
	nginx, err := host.StartNginx(dir, parse(t, template), render.Nginx{Listen: address, Health: health})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nginx.Stop)
	check := func(line string, status int, body string) {
		t.Helper()
		response, got := send(t, health, ask(line))
		kind := response.Header.Get("Content-Type")
		if response.StatusCode != status || got != body || body != "" && kind != "application/json" {
			t.Errorf("%s: %d %s %s, want %d %s", line, response.StatusCode, kind, got, status, body)
		}
	}
	check("GET /health", 200, "{}")
	check("HEAD /health", 200, "")
	check("GET /health/post", 200, "{}")
	check("GET /post.gif", 404,
		`{"result":"Not Found","hint":"Ask GET /health, or GET /health/post for one function."}`)
	const unavailable = `{"result":"Service Unavailable","hint":"%s"}`
	for _, area := range []string{"post", "comment", "gone", "backoffice", "inside"} {
		down.Store(area)
		check("GET /health", 503, fmt.Sprintf(unavailable, area+" is not ready: GET /health/"+area+" has the reason."))
		check("GET /health/"+area, 503, "the reason of "+area)
	}
	down.Store("")
	check("GET /health", 200, "{}")
	if err := os.Remove(filepath.Join(dir, host.Run, "gone.sock")); err != nil {
		t.Fatal(err)
	}
	check("GET /health", 503, fmt.Sprintf(unavailable, "gone is not ready: GET /health/gone has the reason."))
	check("GET /health/gone", 503, fmt.Sprintf(unavailable, "The function gone cannot be reached."))
	check("GET /health", 503, fmt.Sprintf(unavailable, "gone is not ready: GET /health/gone has the reason."))

	// A drained host says so at once; its functions still serve.
	serve(t, dir, "gone", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") })
	check("GET /health", 200, "{}")
	draining := filepath.Join(dir, host.Settings, "draining")
	for _, err := range []error{os.MkdirAll(filepath.Dir(draining), 0o755), os.WriteFile(draining, nil, 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	check("GET /health", 503, fmt.Sprintf(unavailable, "This host is drained: send requests to others."))
	check("GET /health/post", 200, "{}")
	if err := os.Remove(draining); err != nil {
		t.Fatal(err)
	}
	check("GET /health", 200, "{}")

	// Clients do not reach it.
	response, body := send(t, address, ask("GET /health"))
	checkError(t, response, body, 404, "'GET /health'")
}
