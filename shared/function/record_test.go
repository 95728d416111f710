package function

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/apperror"
)

func recordingHandler(log *bytes.Buffer) *Handler {
	routes := func(a *api.API, _ Deps) {
		a.Handle("GET /thing/{id}", func(w http.ResponseWriter, r *http.Request) {
			switch r.PathValue("id") {
			case "missing":
				w.WriteHeader(http.StatusNotFound)
			case "noted":
				api.Note(r.Context(), errors.New("password=geheim"))
			case "odd":
				w.WriteHeader(999)
			case "panic":
				w.Header().Set("Content-Type", "text/begun")
				w.Header().Set("X-Begun", "begun")
				w.WriteHeader(http.StatusCreated)
				_, _ = w.Write([]byte("begun"))
				panic("no")
			}
		})
	}
	settings := Settings{Timeout: time.Minute, Log: slog.New(slog.NewTextHandler(log, nil))}
	return NewHandler("test", routes, Deps{}, settings)
}

func get(h *Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func TestLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := recordingHandler(&log)
	for path, want := range map[string]string{
		"/thing/1":       "level=INFO msg=request method=GET route=/thing/{id} status=200 ",
		"/thing/missing": "level=INFO msg=request method=GET route=/thing/{id} status=404 ",
		"/thing/noted":   "level=ERROR msg=request method=GET route=/thing/{id} status=200 ",
		"/thing/panic":   "level=ERROR msg=request method=GET route=/thing/{id} status=500 ",
		"/thing/Geheim1": "level=INFO msg=request method=GET route=/thing/{id} status=200 ",
		"/nowhere":       "level=INFO msg=request method=GET route=other status=404 ",
		"/Geheim1":       "level=INFO msg=request method=GET route=other status=404 ",
	} {
		log.Reset()
		get(h, path+"?token=geheim2")
		if !strings.Contains(log.String(), want) || strings.Contains(strings.ToLower(log.String()), "geheim") {
			t.Errorf("%s is logged as %s, want %s", path, log.String(), want)
		}
	}
	log.Reset()
	get(h, "/healthz")
	if log.Len() > 0 {
		t.Errorf("a health check is logged: %s", log.String())
	}
}

// Of a response that a view had begun before its panic, the client gets nothing.
func TestDurationsAreLoggedInMilliseconds(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	recordingHandler(&log).observe(t.Context(), record{duration: 12345 * time.Microsecond})
	if want := " duration_ms=12.345 "; !strings.Contains(log.String(), want) {
		t.Errorf("the log is %s, want%s", log.String(), want)
	}
}

// The operator learns why clients are refused with 503.
func TestUnavailableIsLoggedWithItsCause(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := NewHandler("test", func(a *api.API, _ Deps) {
		api.Register(a, api.Route{Method: http.MethodGet, Path: "/busy", Access: api.Public},
			func(context.Context, *struct{}) (*struct{}, error) {
				return nil, apperror.Wrap(apperror.Unavailable, errors.New("the cause"), "try again")
			})
	}, Deps{}, Settings{Timeout: time.Minute, Log: slog.New(slog.NewTextHandler(&log, nil))})
	got := get(h, "/busy")
	if got.Code != http.StatusServiceUnavailable || strings.Contains(got.Body.String(), "cause") {
		t.Errorf("got %d %s", got.Code, got.Body)
	}
	if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "the cause") {
		t.Errorf("the log is %s", log.String())
	}
}

func TestPanicDropsTheResponseThatHadBegun(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	w := get(recordingHandler(&log), "/thing/panic")
	response := w.Result()
	if response.StatusCode != http.StatusInternalServerError || strings.Contains(w.Body.String(), "begun") ||
		response.Header.Get("X-Begun") != "" || response.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %d %v %s", response.StatusCode, response.Header, w.Body)
	}
	if !strings.Contains(log.String(), "panic: no") || !strings.Contains(log.String(), "record_test.go") {
		t.Errorf("the panic and its place are not logged: %s", log.String())
	}
}
