package main

import (
	"strings"
	"testing"

	"minifb/shared/ops/sam"
)

func TestProbePath(t *testing.T) {
	t.Parallel()
	withRoutes := func(routes ...string) sam.Function {
		var f sam.Function
		for _, r := range routes {
			method, path, _ := strings.Cut(r, " ")
			f.Routes = append(f.Routes, sam.Route{Method: method, Path: path})
		}
		return f
	}
	for want, f := range map[string]sam.Function{
		"/post":       withRoutes("POST /a", "GET /post/{id}", "GET /post"),
		"/comment/0":  withRoutes("GET /comment/{id}", "GET /other/{id}"),
		"/readyz":     withRoutes("POST /a"),
		"/a/0/b/0/cc": withRoutes("GET /a/{x}/b/{y}/cc"),
	} {
		if got := probePath(f); got != want {
			t.Errorf("probePath of %v is %s, want %s", f.Routes, got, want)
		}
	}
}
