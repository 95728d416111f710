package api

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

type bodyInput struct{ Body struct{} }

type emptyOutput struct{}

func emptyView[In any](context.Context, *In) (*emptyOutput, error) { return &emptyOutput{}, nil }

func TestRegisterPanicsWithoutAccess(t *testing.T) {
	t.Parallel()
	for _, access := range []Access{0, -1, PasswordChange + 1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a route with the access %d was registered", access)
				}
			}()
			Register(New(Options{}), Route{Method: http.MethodGet, Path: "/x", Access: access}, emptyView[struct{}])
		}()
	}
}

// The OpenAPI text lists the statuses of the checks, of the view, and no others.
func TestDocumentedStatuses(t *testing.T) {
	t.Parallel()
	type queryInput struct {
		Filter string `query:"filter"`
	}
	a := New(Options{})
	Register(a, Route{Method: http.MethodGet, Path: "/public", Access: Public}, emptyView[struct{}])
	Register(a, Route{Method: http.MethodGet, Path: "/optional", Access: Optional}, emptyView[queryInput])
	Register(a, Route{Method: http.MethodGet, Path: "/list", Access: SignedIn}, emptyView[struct{ Page }])
	Register(a, Route{Method: http.MethodPost, Path: "/body", Access: SignedIn, Status: 201, Errors: []int{422}},
		emptyView[bodyInput])
	Register(a, Route{Method: http.MethodPut, Path: "/body", Access: Public, Errors: []int{400}}, emptyView[bodyInput])
	Register(a, Route{Method: http.MethodDelete, Path: "/admin", Access: Administrator, Errors: []int{404}},
		emptyView[struct{}])
	Register(a, Route{Method: http.MethodPatch, Path: "/admin", Access: Administrator}, emptyView[bodyInput])
	Register(a, Route{Method: http.MethodPut, Path: "/password", Access: PasswordChange}, emptyView[struct{}])
	for route, want := range map[string][]int{
		"PUT /password": {204, 400, 401, 500, 503, 504},
		"GET /public":   {204, 400, 500, 503, 504},
		"GET /optional": {204, 400, 401, 403, 500, 503, 504},
		"GET /list":     {204, 400, 401, 403, 500, 503, 504},
		"POST /body":    {201, 400, 401, 403, 408, 413, 415, 422, 500, 503, 504},
		"PUT /body":     {204, 400, 408, 413, 415, 500, 503, 504},
		"DELETE /admin": {204, 400, 401, 403, 404, 500, 503, 504},
		"PATCH /admin":  {204, 400, 401, 403, 408, 413, 415, 500, 503, 504},
	} {
		var method, path string
		if _, err := fmt.Sscan(route, &method, &path); err != nil {
			t.Fatal(err)
		}
		operation := operationOf(a.OpenAPI().Paths[path], method)
		var wanted []string
		for _, status := range want {
			wanted = append(wanted, fmt.Sprint(status))
		}
		if got := slices.Sorted(maps.Keys(operation.Responses)); !slices.Equal(got, wanted) {
			t.Errorf("%s documents %v, want %v", route, got, wanted)
		}
		for status, response := range operation.Responses {
			name, shared := strings.CutPrefix(response.Ref, "#/components/responses/")
			isError := status >= "400"
			if isError != shared || isError && a.OpenAPI().Components.Responses[name] == nil {
				t.Errorf("%s: the response %s is %q", route, status, response.Ref)
			}
		}
	}
}

func TestDocumentedSecurity(t *testing.T) {
	t.Parallel()
	a := New(Options{})
	for access, want := range map[Access]string{
		Public: `[]`, Optional: `[map[] map[bearer:[]]]`, SignedIn: `[map[bearer:[]]]`,
		Administrator: `[map[bearer:[admin]]]`, PasswordChange: `[map[bearer:[]]]`,
	} {
		path := fmt.Sprintf("/%d", access)
		Register(a, Route{Method: http.MethodGet, Path: path, Access: access}, emptyView[struct{}])
		operation := a.OpenAPI().Paths[path].Get
		if got := fmt.Sprint(operation.Security); got != want || operation.Security == nil {
			t.Errorf("access %d is documented as %s, want %s", access, got, want)
		}
		if got := AccessOf(operation); got != access {
			t.Errorf("AccessOf returns %d, want %d", got, access)
		}
	}
}

// Two successes have the same body, and each its own description.
func TestDocumentedOtherStatus(t *testing.T) {
	t.Parallel()
	type output struct {
		Status int
		Body   struct {
			Name string `json:"name"`
		}
	}
	a := New(Options{})
	Register(a, Route{
		Method: http.MethodPut, Path: "/x", Access: Public, Status: 201, OtherStatuses: map[int]string{200: "Replaced"},
	}, func(context.Context, *struct{}) (*output, error) { return &output{Status: 200}, nil })
	responses := a.OpenAPI().Paths["/x"].Put.Responses
	created, replaced := responses["201"], responses["200"]
	if created.Description != "Created" || replaced.Description != "Replaced" {
		t.Errorf("the descriptions are %q and %q", created.Description, replaced.Description)
	}
	if created.Content[mediaJSON].Schema == nil || created.Content[mediaJSON] != replaced.Content[mediaJSON] {
		t.Errorf("the bodies are %v and %v", created.Content, replaced.Content)
	}
}

// The query of a list is documented, although Resolve reads it.
func TestDocumentedPage(t *testing.T) {
	t.Parallel()
	a := New(Options{})
	Register(a, Route{Method: http.MethodGet, Path: "/x", Access: Public}, emptyView[struct{ Page }])
	documented := map[string]bool{}
	for _, p := range a.OpenAPI().Paths["/x"].Get.Parameters {
		documented[p.In+" "+p.Name] = p.Description != "" && p.Schema != nil && !p.Required
	}
	if !maps.Equal(documented, map[string]bool{"query size": true, "query cursor": true}) {
		t.Errorf("the documented parameters are %v", documented)
	}
}
