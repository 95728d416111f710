// Command probe is a function for the parity tests. It fails in every way that a function can, and
// returns what it received.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"minifb/shared/api"
	"minifb/shared/function"
)

func main() { function.Main("probe", routes) }

type empty struct{}

func routes(a *api.API, _ function.Deps) {
	register := func(path string, view func(context.Context) error) {
		api.Register(a, api.Route{Method: http.MethodGet, Path: path, Access: api.Public},
			func(ctx context.Context, _ *empty) (*empty, error) { return nil, view(ctx) })
	}
	register("/probe/panic", func(context.Context) error { panic("a panic of the probe") })
	register("/probe/fail", func(context.Context) error { return errors.New("an error of the probe") })
	register("/probe/slow", func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	a.Handle("GET /probe/binary", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain") // wrong, and must not change the bytes
		_, _ = w.Write([]byte{0, 0xff, 0xfe, 'x', 0xc3, 0x28})
	})
	a.Handle("GET /probe/echo/{id}", echo)
	a.Handle("POST /probe/echo/{id}", echo)
}

// echo returns what the function receives of a request.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	headers := map[string][]string{}
	for _, name := range []string{"X-One", "X-Many", "X-Empty", "Content-Type", "Accept", "User-Agent", "Host"} {
		if values, ok := r.Header[name]; ok {
			headers[name] = values
		}
	}
	w.Header().Set("Content-Type", "application/json")
	if r.Header.Get("X-Many") != "" {
		w.Header()["X-Several"] = []string{"a", "b, c"}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"id": r.PathValue("id"), "path": r.URL.EscapedPath(), "decoded_path": r.URL.Path, "query": r.URL.Query(),
		"headers": headers, "host": r.Host, "body": string(body), "length": r.ContentLength,
		"has_remote_address": r.RemoteAddr != "",
	})
}
