package api_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"testing"
	"time"

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

// A thingInput has no body, and a condition.
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

type clientOutput struct {
	Body struct {
		Address string `json:"address"`
	}
}

type listInput struct {
	api.Page
	Unread bool `query:"unread"`
}

type nothing struct{}

// routes is a small area that has a route for each kind of access, of input and of output.
func routes(a *api.API, _ function.Deps) {
	noteRoutes(a)
	accessRoutes(a)
	failingRoutes(a)
	for path, access := range map[string]api.Access{
		"/number": api.Optional, "/other": api.Optional, "/own": api.SignedIn, "/of/{id}": api.Optional,
	} {
		api.Register(a, api.Route{Method: http.MethodGet, Path: path, Access: access}, numbers)
	}
	thing := func(_ context.Context, in *thingInput) (*thingOutput, error) {
		out := &thingOutput{}
		out.Body.ID, out.Body.Match = in.ID.Int(), in.Match()
		return out, nil
	}
	api.Register(a, api.Route{Method: http.MethodGet, Path: "/thing/{id}", Access: api.Public}, thing)
	api.Register(a, api.Route{Method: http.MethodGet, Path: "/client", Access: api.Public},
		func(ctx context.Context, _ *nothing) (*clientOutput, error) {
			out := &clientOutput{}
			out.Body.Address = api.ClientAddress(ctx).String()
			return out, nil
		})
	api.Register(a, api.Route{Method: http.MethodGet, Path: "/page/{id}", Access: api.SignedIn, Errors: []int{404}},
		func(_ context.Context, in *thingInput) (*api.HTMLOutput, error) {
			if in.ID.Int() == 0 {
				return nil, apperror.New(apperror.NotFound, "There is no such page.")
			}
			return api.HTML([]byte("<!doctype html>\n<title>안녕</title>")), nil
		})
	api.Register(a, api.Route{Method: http.MethodPost, Path: "/file", Access: api.Public},
		func(_ context.Context, in *noteInput) (*api.JSONOutput, error) {
			return api.JSON([]byte(in.Body.Text)), nil
		})
}

func noteRoutes(a *api.API) {
	echo := func(_ context.Context, in *noteInput) (*noteOutput, error) { return &noteOutput{in.Body}, nil }
	api.Register(a, api.Route{Method: http.MethodPost, Path: "/note", Access: api.Public}, echo)
	api.Register(a, api.Route{Method: http.MethodPut, Path: "/note", Access: api.SignedIn}, echo)
	api.Register(a, api.Route{Method: http.MethodPost, Path: "/admin/note", Access: api.Administrator}, echo)
	api.Register(a, api.Route{Method: http.MethodPost, Path: "/perhaps", Access: api.Public},
		func(_ context.Context, in *struct{ Body *note }) (*noteOutput, error) {
			if in.Body == nil {
				return &noteOutput{note{Text: "none"}}, nil
			}
			return &noteOutput{*in.Body}, nil
		})
	api.Register(a, api.Route{Method: http.MethodPatch, Path: "/note/{id}", Access: api.SignedIn},
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
}

// accessRoutes return the viewer that they see.
func accessRoutes(a *api.API) {
	who := func(ctx context.Context, _ *nothing) (*thingOutput, error) {
		out := &thingOutput{}
		out.Body.ID = api.Viewer(ctx)
		return out, nil
	}
	api.Register(a, api.Route{Method: http.MethodGet, Path: "/who/public", Access: api.Public}, who)
	api.Register(a, api.Route{Method: http.MethodGet, Path: "/who/optional", Access: api.Optional}, who)
	api.Register(a, api.Route{Method: http.MethodGet, Path: "/who/signed-in", Access: api.SignedIn}, who)
	api.Register(a, api.Route{Method: http.MethodGet, Path: "/who/administrator", Access: api.Administrator}, who)
	api.Register(a, api.Route{Method: http.MethodGet, Path: "/who/password", Access: api.PasswordChange}, who)
}

func failingRoutes(a *api.API) {
	fail := func(method, path string, access api.Access, view func(context.Context) error) {
		api.Register(a, api.Route{Method: method, Path: path, Access: access},
			func(ctx context.Context, _ *nothing) (*nothing, error) { return nil, view(ctx) })
	}
	fail(http.MethodDelete, "/thing/{id}", api.SignedIn, func(context.Context) error {
		return apperror.New(apperror.Forbidden, "")
	})
	fail(http.MethodGet, "/wait", api.Public, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	fail(http.MethodGet, "/panic", api.Public, func(context.Context) error {
		panic("the cat is out of postgres://u:geheim@db/x")
	})
	fail(http.MethodGet, "/fail", api.Public, func(context.Context) error {
		return errors.New("dial postgres://u:geheim@db/x: host=db password=geheim: out of \xff luck")
	})
	fail(http.MethodGet, "/busy", api.Public, func(context.Context) error {
		return &apperror.Error{Code: apperror.TooManyRequests, Hint: "Wait.", RetryAfter: 90 * time.Second}
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
