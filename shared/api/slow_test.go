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

// impatient serves routes whose bodies have 100 ms to arrive.
func impatient(t *testing.T) *areatest.Server {
	t.Helper()
	return areatest.New(t, func(a *api.API, d function.Deps) {
		a.SetBodyTimeout(100 * time.Millisecond)
		routes(a, d)
	})
}

func TestSlowBody(t *testing.T) {
	t.Parallel()
	b := impatient(t)
	const head = " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	for name, sent := range map[string]string{
		"with a length": "POST /note" + head + "Content-Length: 30\r\n\r\n{\"text\":",
		"in chunks":     "POST /note" + head + "Transfer-Encoding: chunked\r\n\r\n8\r\n{\"text\":\r\n",
		"optional":      "POST /perhaps" + head + "Content-Length: 30\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connection := dial(t, b.URL)
			if _, err := io.WriteString(connection, sent); err != nil {
				t.Fatal(err)
			}
			answer := receive(t, connection, "POST")
			if answer.Status != http.StatusRequestTimeout || answer.Header.Get("Connection") != "close" {
				t.Errorf("%d, Connection %q: %s", answer.Status, answer.Header.Get("Connection"), answer.Body)
			}
			areatest.CheckResponse(t, answer)
			closed(t, connection)
		})
	}
}

// A body that nobody asked for must not hold a connection for ever either.
func TestSlowBodyNobodyReads(t *testing.T) {
	t.Parallel()
	b := impatient(t)
	for request, want := range map[string]int{"GET /thing/1": 200, "PUT /note": 401, "POST /nowhere": 404, "DELETE /note": 405} {
		t.Run(request, func(t *testing.T) {
			t.Parallel()
			connection := dial(t, b.URL)
			if _, err := io.WriteString(connection, request+" HTTP/1.1\r\nHost: x\r\nContent-Length: 30\r\n\r\n{"); err != nil {
				t.Fatal(err)
			}
			if answer := receive(t, connection, "GET"); answer.Status != want {
				t.Errorf("%d %s", answer.Status, answer.Body)
			}
			closed(t, connection)
		})
	}
}

// closed waits for the server to hang up.
func closed(t *testing.T, connection io.Reader) {
	t.Helper()
	start := time.Now()
	_, _ = io.Copy(io.Discard, connection)
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("the connection stayed open for %s", took)
	}
}

// A body in time does not shorten what comes after: the view, and the connection's next request.
func TestBodyInTime(t *testing.T) {
	t.Parallel()
	b := impatient(t)
	connection := dial(t, b.URL)
	for range 3 {
		if _, err := io.WriteString(connection, "POST /note HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"text\":\"a\"}"); err != nil {
			t.Fatal(err)
		}
		if answer := receive(t, connection, "POST"); answer.Status != http.StatusOK {
			t.Fatalf("%d %s", answer.Status, answer.Body)
		}
		time.Sleep(150 * time.Millisecond)
	}
}

func TestBodyBrokenOff(t *testing.T) {
	t.Parallel()
	b := serve(t)
	answer := raw(t, b.URL, "POST /note HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n")
	if answer.Status != http.StatusBadRequest {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
	areatest.CheckResponse(t, answer)
}

// A lines is a log to look into.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// handler serves the test's routes with these settings, and their log.
func handler(t *testing.T, s function.Settings) (url string, log *lines) {
	t.Helper()
	log = &lines{}
	s.Log = slog.New(slog.NewJSONHandler(log, nil))
	server := httptest.NewServer(function.NewHandler("test", routes, serve(t).Deps, s))
	t.Cleanup(server.Close)
	return server.URL, log
}

func TestTimeLimit(t *testing.T) {
	t.Parallel()
	url, _ := handler(t, function.Settings{Timeout: 50 * time.Millisecond})
	answer := areatest.Do(t, url, areatest.Step{Do: "GET /wait"})
	if answer.Status != http.StatusGatewayTimeout {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
	areatest.CheckResponse(t, answer)
}

// A caller who goes away stops the view; nothing is left running.
func TestCallerGoesAway(t *testing.T) {
	t.Parallel()
	url, log := handler(t, function.Settings{Timeout: time.Hour})
	connection := dial(t, url)
	if _, err := io.WriteString(connection, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(50 * time.Millisecond)
	_ = connection.Close()
	for end := time.Now().Add(10 * time.Second); !strings.Contains(log.String(), `"route":"/wait"`); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the view still waits; the log: %s", log)
		}
	}
}

func TestUnforeseen(t *testing.T) {
	t.Parallel()
	full, fullLog := handler(t, function.Settings{Timeout: time.Minute})
	generic, _ := handler(t, function.Settings{Timeout: time.Minute, GenericHint: true})
	for path, part := range map[string]string{"/panic": "the cat is out", "/fail": "out of \ufffd luck"} {
		answer := areatest.Do(t, full, areatest.Step{Do: "GET " + path})
		areatest.CheckResponse(t, answer)
		hint := fmt.Sprint(answer.Object(t)["hint"])
		if answer.Status != http.StatusInternalServerError || !strings.Contains(hint, part) || strings.Contains(hint, "geheim") {
			t.Errorf("%s: %d %s", path, answer.Status, answer.Body)
		}
		answer = areatest.Do(t, generic, areatest.Step{Do: "GET " + path})
		areatest.CheckResponse(t, answer)
		if answer.Status != http.StatusInternalServerError || answer.Object(t)["hint"] != api.FailedGeneric.Hint {
			t.Errorf("%s, generic: %d %s", path, answer.Status, answer.Body)
		}
	}
	if !strings.Contains(fullLog.String(), "the cat is out") {
		t.Errorf("the log does not say why: %s", fullLog)
	}
}
