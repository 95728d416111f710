package function

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
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
}
