package fault

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"minifb/scripts/conformance/check"
)

// one is a case that a server passes by 200.
var one = []check.Case{{Name: "a/b", Run: func(t *check.T) { t.Send(check.Request{Do: "GET /"}).Want(http.StatusOK) }}}

func tryOn(ctx context.Context, t *testing.T, f Fault, h http.HandlerFunc) (string, error) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return Try(ctx, f, one, check.Options{URL: server.URL, Parallel: 1, Always: func(*check.Response) {}}, nil)
}

// A fault is noticed by a wrong response, and not by a server that is busy.
func TestTry(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	ok := func(http.ResponseWriter, *http.Request) {}
	busyAtFirst := func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	busy := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGatewayTimeout) }
	for name, c := range map[string]struct {
		fault Fault
		serve http.HandlerFunc
		want  string
	}{
		"a fault":                {Fault{"x", "", becomes(200, 202)}, ok, "a/b"},
		"no fault":               {None, ok, ""},
		"busy at first":          {None, busyAtFirst, ""},
		"busy for the whole try": {None, busy, ""},
	} {
		if by, err := tryOn(t.Context(), t, c.fault, c.serve); by != c.want || err != nil {
			t.Errorf("%s: noticed by %q, %v, want %q", name, by, err, c.want)
		}
	}
}

// A request that is not passed on is an error of the try, and so is the end of the context.
func TestTryIsBroken(t *testing.T) {
	t.Parallel()
	by, err := tryOn(t.Context(), t, None, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	if by != "" || err == nil || !strings.Contains(err.Error(), "was not passed on") {
		t.Errorf("the server closes the connection: noticed by %q, %v", by, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	by, err = tryOn(ctx, t, None, func(http.ResponseWriter, *http.Request) { cancel() })
	if by != "" || !errors.Is(err, context.Canceled) {
		t.Errorf("the context ends: noticed by %q, %v", by, err)
	}
}
