// Command trial is a function for tests alone: it fails in every way that a function can, and tells what reached it.
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

func main() { function.Main("trial", routes) }

type nothing struct{}

func routes(a *api.API, _ function.Deps) {
	register := func(path string, view func(context.Context) error) {
		api.Register(a, api.Route{Method: http.MethodGet, Path: path, Access: api.Public},
			func(ctx context.Context, _ *nothing) (*nothing, error) { return nil, view(ctx) })
	}
	register("/trial/panic", func(context.Context) error { panic("no way") })
	register("/trial/fail", func(context.Context) error { return errors.New("no luck") })
	register("/trial/slow", func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	a.Handle("GET /trial/binary", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain") // a lie, which must not spoil the bytes
		_, _ = w.Write([]byte{0, 0xff, 0xfe, 'x', 0xc3, 0x28})
	})
	a.Handle("GET /trial/echo/{id}", echo)
	a.Handle("POST /trial/echo/{id}", echo)
}

// echo answers what the function sees of a request.
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
		"id": r.PathValue("id"), "path": r.URL.EscapedPath(), "query": r.URL.Query(), "headers": headers, "host": r.Host,
		"body": string(body), "length": r.ContentLength, "ported": r.RemoteAddr != "", "decoded": r.URL.Path,
	})
}
