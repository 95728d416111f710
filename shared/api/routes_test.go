package api_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/api"
	"minifb/shared/apperror"
	"minifb/shared/function"
	"minifb/shared/store"
	"minifb/shared/testkit/areatest"
)

// A note is a body with one field of each kind that the contract has.
type note struct {
	Text  string   `json:"text" minLength:"1" maxLength:"10"`
	Type  int      `json:"type,omitempty" minimum:"1" maximum:"5"`
	Read  bool     `json:"read,omitempty"`
	Mark  *string  `json:"mark,omitempty" nullable:"true" maxLength:"3"`
	Tags  []string `json:"tags,omitempty" nullable:"false"`
	Inner struct {
		Deep string `json:"deep,omitempty"`
	} `json:"inner,omitzero"`
}

type noteInput struct{ Body note }

type noteOutput struct{ Body note }

// A thing has no body of its own and a guard.
type thingInput struct {
	ID api.ID `path:"id"`
	api.Condition
}

type thingOutput struct {
	Body struct {
		ID    int64 `json:"id"`
		Match []int `json:"match"`
	}
}

type listInput struct {
	api.Page
	Unread bool `query:"unread"`
}

type nothing struct{}

// routes is a small area: one route for each way of being called.
func routes(a *api.API, _ function.Deps) {
	echo := func(_ context.Context, in *noteInput) (*noteOutput, error) { return &noteOutput{in.Body}, nil }
	api.Register(a, huma.Operation{Method: http.MethodPost, Path: "/note", Security: api.Public}, echo)
	api.Register(a, huma.Operation{Method: http.MethodPut, Path: "/note", Security: api.SignedIn}, echo)
	api.Register(a, huma.Operation{Method: http.MethodPost, Path: "/perhaps", Security: api.Public},
		func(_ context.Context, in *struct{ Body *note }) (*noteOutput, error) {
			if in.Body == nil {
				return &noteOutput{note{Text: "none"}}, nil
			}
			return &noteOutput{*in.Body}, nil
		})
	api.Register(a, huma.Operation{Method: http.MethodPatch, Path: "/note/{id}", Security: api.SignedIn},
		func(_ context.Context, in *struct {
			ID   api.ID `path:"id"`
			Body note
		},
		) (*noteOutput, error) {
			switch in.ID.Int() {
			case 0:
				return nil, apperror.New(apperror.NotFound, "There is no such note.")
			case 1:
				return nil, apperror.New(apperror.Forbidden, "")
			}
			return &noteOutput{in.Body}, nil
		})
	thing := func(_ context.Context, in *thingInput) (*thingOutput, error) {
		out := &thingOutput{}
		out.Body.ID, out.Body.Match = in.ID.Int(), in.Match()
		return out, nil
	}
	api.Register(a, huma.Operation{Method: http.MethodGet, Path: "/thing/{id}", Security: api.Public}, thing)
	api.Register(a, huma.Operation{Method: http.MethodDelete, Path: "/thing/{id}", Security: api.SignedIn},
		func(context.Context, *thingInput) (*nothing, error) { return nil, apperror.New(apperror.Forbidden, "") })
	who := func(ctx context.Context, _ *nothing) (*thingOutput, error) {
		out := &thingOutput{}
		out.Body.ID = api.Viewer(ctx)
		return out, nil
	}
	api.Register(a, huma.Operation{Method: http.MethodGet, Path: "/who/public", Security: api.Public}, who)
	api.Register(a, huma.Operation{Method: http.MethodGet, Path: "/who/optional", Security: api.Optional}, who)
	api.Register(a, huma.Operation{Method: http.MethodGet, Path: "/who/signed-in", Security: api.SignedIn}, who)
	for path, security := range map[string][]map[string][]string{
		"/number": api.Optional, "/other": api.Optional, "/own": api.SignedIn, "/of/{id}": api.Optional,
	} {
		api.Register(a, huma.Operation{Method: http.MethodGet, Path: path, Security: security}, numbers)
	}
	api.Register(a, huma.Operation{Method: http.MethodGet, Path: "/wait", Security: api.Public},
		func(ctx context.Context, _ *nothing) (*nothing, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
	api.Register(a, huma.Operation{Method: http.MethodGet, Path: "/panic", Security: api.Public},
		func(context.Context, *nothing) (*nothing, error) { panic("the cat is out of postgres://u:geheim@db/x") })
	api.Register(a, huma.Operation{Method: http.MethodGet, Path: "/fail", Security: api.Public},
		func(context.Context, *nothing) (*nothing, error) {
			return nil, errors.New("dial postgres://u:geheim@db/x: host=db password=geheim: out of \xff luck")
		})
}

// numbers lists 250 down to 1.
func numbers(_ context.Context, in *listInput) (*api.ListOutput[int], error) {
	p := in.Store()
	after := 251
	if p.After != "" {
		after, _ = strconv.Atoi(p.After)
	}
	list := store.List[int]{}
	for n := after - 1; n > 0 && len(list.Items) < p.Size; n-- {
		list.Items = append(list.Items, n)
	}
	if last := after - p.Size; last > 1 {
		list.Next = strconv.Itoa(last)
	}
	return api.Listed(&in.Page, list, func(n int) int { return n }), nil
}

func serve(t *testing.T) *areatest.Server {
	t.Helper()
	return areatest.New(t, routes)
}
