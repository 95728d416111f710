package api_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/testkit/areatest"
)

// impatient returns a server where a body may take 100 ms to arrive.
func impatient(t *testing.T) *areatest.Server {
	t.Helper()
	return areatest.New(t, func(a *api.API, d function.Deps) {
		a.SetBodyTimeout(100 * time.Millisecond)
		routes(a, d)
	})
}

func TestSlowBody(t *testing.T) {
	t.Parallel()
	s := impatient(t)
	const head = " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	for name, sent := range map[string]string{
		"with a length": "POST /note" + head + "Content-Length: 30\r\n\r\n{\"text\":",
		"in chunks":     "POST /note" + head + "Transfer-Encoding: chunked\r\n\r\n8\r\n{\"text\":\r\n",
		"optional":      "POST /perhaps" + head + "Content-Length: 30\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection := dial(t, s.URL)
			if _, err := io.WriteString(connection, sent); err != nil {
				t.Fatal(err)
			}
			response := receive(t, connection, "POST")
			if response.Status != http.StatusRequestTimeout || response.Header.Get("Connection") != "close" {
				t.Errorf("%d, Connection %q: %s", response.Status, response.Header.Get("Connection"), response.Body)
			}
			areatest.CheckResponse(t, response)
			closed(t, connection)
		})
	}
}

// A slow body that no view reads must not keep its connection open.
func TestSlowBodyIsIgnored(t *testing.T) {
	t.Parallel()
	s := impatient(t)
	for request, want := range map[string]int{"GET /thing/1": 200, "PUT /note": 401, "POST /nowhere": 404,
		"DELETE /note": 405} {
		t.Run(request, func(t *testing.T) {
			t.Parallel()
			connection := dial(t, s.URL)
			if _, err := io.WriteString(connection,
				request+" HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\n{"); err != nil {
				t.Fatal(err)
			}
			if response := receive(t, connection, "GET"); response.Status != want {
				t.Errorf("%d %s", response.Status, response.Body)
			}
			closed(t, connection)
		})
	}
}

// closed waits until the server closes the connection.
func closed(t *testing.T, connection io.Reader) {
	t.Helper()
	start := time.Now()
	_, _ = io.Copy(io.Discard, connection)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("the connection stayed open for %s", took)
	}
}

// A body that arrives in time leaves no deadline for the view, or for the next request.
func TestBodyInTime(t *testing.T) {
	t.Parallel()
	s := impatient(t)
	connection := dial(t, s.URL)
	for range 3 {
		if _, err := io.WriteString(connection,
			"POST /note HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+
				"Content-Length: 12\r\n\r\n{\"text\":\"a\"}"); err != nil {
			t.Fatal(err)
		}
		if response := receive(t, connection, "POST"); response.Status != http.StatusOK {
			t.Fatalf("%d %s", response.Status, response.Body)
		}
		time.Sleep(150 * time.Millisecond)
	}
}

func TestBodyBrokenOff(t *testing.T) {
	t.Parallel()
	s := serve(t)
	response := raw(t, s.URL, "POST /note HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+
		"Transfer-Encoding: chunked\r\n\r\nno length\r\n")
	if response.Status != http.StatusBadRequest {
		t.Errorf("%d %s", response.Status, response.Body)
	}
	areatest.CheckResponse(t, response)
}

// A logBuffer is a log that can be read while it is written.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// handler serves the routes of this package's tests with these settings, and returns the log.
func handler(t *testing.T, s function.Settings) (url string, log *logBuffer) {
	t.Helper()
	log = &logBuffer{}
	s.Log = slog.New(slog.NewJSONHandler(log, nil))
	server := httptest.NewServer(function.NewHandler("test", routes, serve(t).Deps, s))
	t.Cleanup(server.Close)
	return server.URL, log
}

func TestTimeLimit(t *testing.T) {
	t.Parallel()
	url, _ := handler(t, function.Settings{Timeout: 50 * time.Millisecond})
	response := areatest.Do(t, url, areatest.Step{Do: "GET /wait"})
	if response.Status != http.StatusGatewayTimeout {
		t.Errorf("%d %s", response.Status, response.Body)
	}
	areatest.CheckResponse(t, response)
}

// The view is stopped when the client has gone.
func TestClientGoesAway(t *testing.T) {
	t.Parallel()
	url, log := handler(t, function.Settings{Timeout: time.Hour})
	connection := dial(t, url)
	if _, err := io.WriteString(connection, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	_ = connection.Close()
	for end := time.Now().Add(10 * time.Second); !strings.Contains(log.String(),
		`"route":"/wait"`); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the view still runs; the log: %s", log)
		}
	}
}

func TestUnforeseenError(t *testing.T) {
	t.Parallel()
	full, fullLog := handler(t, function.Settings{Timeout: time.Minute})
	generic, _ := handler(t, function.Settings{Timeout: time.Minute, GenericHint: true})
	for path, part := range map[string]string{"/panic": "the cat is out", "/fail": "out of \ufffd luck"} {
		response := areatest.Do(t, full, areatest.Step{Do: "GET " + path})
		areatest.CheckResponse(t, response)
		hint := fmt.Sprint(response.Object(t)["hint"])
		if response.Status != http.StatusInternalServerError || !strings.Contains(hint, part) ||
			strings.Contains(hint, "geheim") {
			t.Errorf("%s: %d %s", path, response.Status, response.Body)
		}
		response = areatest.Do(t, generic, areatest.Step{Do: "GET " + path})
		areatest.CheckResponse(t, response)
		if response.Status != http.StatusInternalServerError || response.Object(t)["hint"] != api.FailedGeneric.Hint {
			t.Errorf("%s, generic: %d %s", path, response.Status, response.Body)
		}
	}
	if !strings.Contains(fullLog.String(), "the cat is out") {
		t.Errorf("the error is not logged: %s", fullLog)
	}
}
