package reload

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestAURL(t *testing.T) {
	t.Parallel()
	hangs := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/good", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "text") })
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Repeat("x", MaxText+1))
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, MaxText)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/error", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	mux.Handle("/redirect", http.RedirectHandler("/good", http.StatusFound))
	mux.HandleFunc("/hangs", func(http.ResponseWriter, *http.Request) { <-hangs })
	mux.HandleFunc("/stops", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "te")
		_ = http.NewResponseController(w).Flush()
		<-hangs
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(hangs) })
	closed := httptest.NewServer(nil)
	closed.Close()
	for address, want := range map[string]string{
		server.URL + "/good":     "",
		server.URL + "/long":     "longer than 65536 bytes",
		server.URL + "/endless":  "longer than 65536 bytes",
		server.URL + "/error":    "the URL returned 502",
		server.URL + "/redirect": "the URL returned 302",
		server.URL + "/hangs":    "deadline exceeded",
		server.URL + "/stops":    "deadline exceeded",
		closed.URL:               "connection refused",
	} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			source, err := URL(address)
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			text, err := source.Read()
			if want == "" && (string(text) != "text" || err != nil) {
				t.Errorf("got %q, %v", text, err)
			}
			message := fmt.Sprint(err)
			if want != "" && (!strings.Contains(message, want) || strings.Contains(message, "http:")) {
				t.Errorf("got %v, want an error with %q", err, want)
			}
			if took := time.Since(begun); took > 10*urlTimeout {
				t.Errorf("it took %v", took)
			}
		})
	}
	for _, address := range []string{
		"", "file:///etc/passwd", "https://", "http:///path", "ftp://host/x", "https://a b/",
	} {
		if _, err := URL(address); err == nil || strings.Contains(err.Error(), "passwd") {
			t.Errorf("%q: %v", address, err)
		}
	}
}
