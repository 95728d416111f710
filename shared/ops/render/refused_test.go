package render_test

import (
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/host"
)

// nginx lists the requests that no function has responded to, by their route, and no others.
func TestNginxListsWhatItRefuses(t *testing.T) {
	t.Parallel()
	dir := root(t)
	address := startIn(t, dir, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPatch:
			panic(http.ErrAbortHandler) // before the response's header
		case r.URL.Path == "/post/1/comment":
			<-r.Context().Done() // nginx waits no longer
		}
		w.WriteHeader(http.StatusNotFound)
	})
	// The function counts it itself, when it goes on.
	response, body := send(t, address, ask("GET /post/1/comment"))
	if response.StatusCode != http.StatusGatewayTimeout {
		t.Fatalf("status %d, want 504: %s", response.StatusCode, body)
	}
	want := map[string]int{}
	for request, listed := range map[string]string{
		ask("GET /post/1"):                       "", // from a function
		"GET /post HTTP/1.1\r\nHost: {}\r\n\r\n": "", // from its HTTP server
		ask("PATCH /post/1"):                     "503 PATCH /post/{id}",
		ask("GET /gone"):                         "503 GET /gone",
		ask("HEAD /gone"):                        "503 HEAD /gone",
		ask("GET /nowhere"):                      "404 * other",
		ask("TRACE /post/1"):                     "405 * other",
		ask("GET /backoffice?x"):                 "403 GET /backoffice",
		ask("GET /post/%zz"):                     "400 * other",
		"NONSENSE\r\n\r\n":                       "400 * other",
		"POST /post HTTP/1.1\r\nHost: a\r\nContent-Length: 80000\r\n\r\n":         "413 POST /post",
		"GET /post?" + strings.Repeat("x", 9000) + " HTTP/1.1\r\nHost: a\r\n\r\n": "414 * other",
	} {
		for range 3 {
			send(t, address, request)
		}
		if listed != "" {
			want[listed] += 3
		}
	}
	total := 0
	for _, n := range want {
		total += n
	}
	var lines []string
	for deadline := time.Now().Add(10 * time.Second); len(lines) < total && time.Now().Before(deadline); {
		time.Sleep(20 * time.Millisecond)
		content, err := os.ReadFile(host.RefusedLog(dir))
		if err != nil {
			t.Fatal(err)
		}
		lines = strings.SplitAfter(strings.TrimSuffix(string(content), "\n"), "\n")
	}
	got := map[string]int{}
	for _, line := range lines {
		fields := strings.Fields(line)
		if len(fields) != 6 {
			t.Fatalf("the line is %q", line)
		}
		got[fields[2]+" "+fields[4]+" "+fields[5]]++
	}
	if !maps.Equal(got, want) {
		t.Errorf("nginx lists %v, want %v", got, want)
	}
}
