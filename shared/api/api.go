// Package api is what all functions share of HTTP: it registers routes, checks who may call them,
// reads bodies strictly, and makes every error's response. Statuses are decided in status.go. The
// only other responses that are not a success are an AWS gateway's own.
package api

import (
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"minifb/shared/router"
	"minifb/shared/store"
	"minifb/shared/token"
)

// An API is the routes of one area. It is an http.Handler, which package function runs.
type API struct {
	huma.API
	router      *router.Router
	tokens      *token.Verifier
	revoked     *store.RevokedSessions
	store       *store.Store
	genericHint bool
	bodyTimeout time.Duration
	warmUps     []store.WarmUp
	schedules   []string
}

// Options are what an API needs besides its routes.
type Options struct {
	Area        string // the title of the OpenAPI text
	Tokens      *token.Verifier
	Revoked     *store.RevokedSessions
	Store       *store.Store // for Administrator
	GenericHint bool         // hide the cause of a 500
	Origins     Origins      // whose pages may call the API
}

// New returns an API without routes. Register adds them.
func New(o Options) *API {
	routes := router.New()
	routes.NotFound = func(w http.ResponseWriter, r *http.Request) {
		Write(w, NoRoute.With(MethodAndPath(r)))
	}
	routes.MethodNotAllowed = func(w http.ResponseWriter, r *http.Request, allow string) {
		if isPreflight(r) && !o.Origins.none() {
			respondToPreflight(w, allow)
			return
		}
		Write(w, MethodNotAllowed.With(r.Method, allow))
	}
	config := huma.DefaultConfig("minifb "+o.Area, "1.0.0")
	config.CreateHooks = nil // they would add $schema to each body
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.Formats = map[string]huma.Format{mediaJSON: strictJSON}
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearer: {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
	}
	a := &API{
		API: humago.New(routes, config), router: routes, tokens: o.Tokens, revoked: o.Revoked, store: o.Store,
		genericHint: o.GenericHint, bodyTimeout: bodyTimeout,
	}
	a.UseMiddleware(a.checkAccess, a.checkBody)
	return a
}

// schemaName returns the name of a type in the OpenAPI text. A body without a type of its own is named
// after the input or the output of its view: SignUpRequest, SeriesResponse.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	if of, ok := strings.CutSuffix(name, "InputBody"); ok {
		return of + "Request"
	}
	if of, ok := strings.CutSuffix(name, "OutputBody"); ok {
		return of + "Response"
	}
	return name
}

// WarmUp names reads that the area's clients use most. A function runs them before it serves.
func (a *API) WarmUp(reads ...store.WarmUp) { a.warmUps = append(a.warmUps, reads...) }

// WarmUps returns the reads that were named with WarmUp.
func (a *API) WarmUps() []store.WarmUp { return a.warmUps }

// ServeHTTP serves a request by its route.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Header.Del("Accept") // the route decides the media type; huma would panic at some headers, such as "a;,b"
	a.limitBody(w, r)
	a.router.ServeHTTP(w, r)
}

// Handle adds a route that is not part of the contract, such as /healthz: it has no access, no body
// and no place in the OpenAPI text. Every other route is added by Register.
func (a *API) Handle(pattern string, f http.HandlerFunc) { a.router.Handle(pattern, f) }
