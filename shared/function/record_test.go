package function

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/api"
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
				panic("no")
			}
		})
	}
	settings := Settings{Timeout: time.Minute, Log: slog.New(slog.NewTextHandler(log, nil))}
	return NewHandler("test", routes, Deps{}, settings)
}

func get(h *Handler, path string) {
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
}

func TestCounts(t *testing.T) {
	t.Parallel()
	h := recordingHandler(&bytes.Buffer{})
	if got := h.Counts(); len(got) > 0 {
		t.Errorf("before the first request: %v", got)
	}
	for _, path := range []string{
		"/thing/1", "/thing/2?x=1", "/thing/missing", "/thing/panic", "/thing/odd",
		"/nowhere", "/thing/", "/healthz", "/healthz/",
	} {
		get(h, path)
	}
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodHead, "/thing/1", nil))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/thing/1", nil))
	want := Counts{"GET /thing/{id}": {2: 3, 4: 1, 5: 2}, "other": {4: 4}}
	got := h.Counts()
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	get(h, "/thing/1")
	if !maps.Equal(got, want) {
		t.Error("a later request changed the counts that were returned before")
	}
}

func TestCountsOfConcurrentRequests(t *testing.T) {
	t.Parallel()
	settings := Settings{Timeout: time.Minute, Log: slog.New(slog.DiscardHandler)}
	h := NewHandler("test", func(*api.API, Deps) {}, Deps{}, settings)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range 100 {
				get(h, fmt.Sprintf("/nowhere/%d", n))
				_ = h.Counts()
			}
		})
	}
	all.Wait()
	if got := h.Counts(); !maps.Equal(got, Counts{"other": {4: 800}}) {
		t.Errorf("got %v", got)
	}
}

func TestLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := recordingHandler(&log)
	for path, want := range map[string]string{
		"/thing/1":       "level=INFO msg=request method=GET route=/thing/{id} status=200 ",
		"/thing/missing": "level=INFO msg=request method=GET route=/thing/{id} status=404 ",
		"/thing/noted":   "level=ERROR msg=request method=GET route=/thing/{id} status=200 ",
		"/nowhere":       "level=INFO msg=request method=GET route=other status=404 ",
	} {
		log.Reset()
		get(h, path)
		if !strings.Contains(log.String(), want) || strings.Contains(log.String(), "geheim") {
			t.Errorf("%s is logged as %s, want %s", path, log.String(), want)
		}
	}
	log.Reset()
	get(h, "/healthz")
	if log.Len() > 0 {
		t.Errorf("a health check is logged: %s", log.String())
	}
	h.logCounts()
	if want := "msg=served status_2xx=2 status_3xx=0 status_4xx=2 status_5xx=0"; !strings.Contains(log.String(), want) {
		t.Errorf("the summary is %s, want %s", log.String(), want)
	}
}
