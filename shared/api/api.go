// Package api is the HTTP face that all functions share: huma set up once, strict JSON, who calls, errors, pages.
// It alone turns errors into statuses.
package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"minifb/shared/router"
	"minifb/shared/store"
	"minifb/shared/token"
)

// An API is one area's routes. It is an http.Handler, to be run by package function.
type API struct {
	huma.API
	router      *router.Router
	tokens      *token.Verifier
	revoked     *store.RevokedSessions
	genericHint bool
	bodyTimeout time.Duration
}

// Options are what an API needs beside its routes.
type Options struct {
	Area        string // the OpenAPI text's title
	Tokens      *token.Verifier
	Revoked     *store.RevokedSessions
	GenericHint bool // hide the cause in a 500's hint
}

// New makes an API without routes. Each is added by Register.
func New(o Options) *API {
	routes := router.New()
	routes.NotFound = func(w http.ResponseWriter, r *http.Request) {
		Write(w, NoRoute(r))
	}
	routes.MethodNotAllowed = func(w http.ResponseWriter, r *http.Request, allow string) {
		Write(w, NotAllowed(r, allow))
	}
	config := huma.DefaultConfig("minifb "+o.Area, "1.0.0")
	config.CreateHooks = nil // else each body carries $schema
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.Formats = map[string]huma.Format{mediaJSON: strictJSON}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
	}
	a := &API{humago.New(routes, config), routes, o.Tokens, o.Revoked, o.GenericHint, bodyTimeout}
	a.UseMiddleware(a.checkToken, a.checkBody)
	return a
}

func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Header.Del("Accept") // every answer is JSON; huma would look for more, and panics at some ("a;,b")
	a.limitBody(w, r)
	a.router.ServeHTTP(w, r)
}

// Handle adds a route outside the contract, such as /healthz: no token, no body, not in the OpenAPI text.
func (a *API) Handle(pattern string, f http.HandlerFunc) { a.router.Handle(pattern, f) }

// Register adds a view to the area's routes. The operation's Security must be one of Public, Optional and SignedIn, which
// is what the route enforces and documents at once. Order of checks: route, token, query, body, then the view.
func Register[In, Out any](a *API, op huma.Operation, view func(context.Context, *In) (*Out, error)) {
	if op.Security == nil {
		panic("api: " + op.Method + " " + op.Path + " does not say who may call it")
	}
	huma.Register(a.API, op, func(ctx context.Context, in *In) (*Out, error) {
		out, err := view(ctx, in)
		if err != nil {
			return nil, a.refuse(ctx, err)
		}
		return out, nil
	})
	// huma documents its own 422 on its own; ours is another's, and 400 is what it becomes.
	if !slices.Contains(op.Errors, http.StatusUnprocessableEntity) {
		delete(operationOf(a.OpenAPI().Paths[op.Path], op.Method).Responses, strconv.Itoa(http.StatusUnprocessableEntity))
	}
}

func operationOf(p *huma.PathItem, method string) *huma.Operation {
	return map[string]*huma.Operation{
		http.MethodGet: p.Get, http.MethodPost: p.Post, http.MethodPut: p.Put, http.MethodPatch: p.Patch, http.MethodDelete: p.Delete,
	}[method]
}
