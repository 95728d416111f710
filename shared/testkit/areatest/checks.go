package areatest

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/ops/sam"
	"minifb/shared/reload"
	"minifb/shared/store"
	"minifb/shared/token"
)

// RoutesMatchTemplate checks that template.yaml lists exactly the routes and the schedules that the
// area serves.
func RoutesMatchTemplate(t *testing.T, area string, routes function.Routes) {
	t.Helper()
	template, err := sam.Load("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, ok := template.Function(area)
	if !ok {
		t.Fatalf("template.yaml has no function for the area %s", area)
	}
	listed := map[string]bool{}
	for _, route := range f.Routes {
		listed[route.String()] = true
	}
	for _, schedule := range f.Schedules {
		listed["the schedule "+strings.ToLower(schedule.Name)] = true
	}
	served := map[string]bool{}
	for _, operation := range operations(openAPI(t, routes)) {
		served[routeOf(operation)] = true
	}
	a, err := unconnected(routes)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range a.Schedules() {
		served["the schedule "+name] = true
	}
	for _, route := range slices.Sorted(maps.Keys(served)) {
		if !listed[route] {
			t.Errorf("template.yaml does not list %s: add it to the Events of %s", route, f.Name)
		}
	}
	for _, route := range slices.Sorted(maps.Keys(listed)) {
		if !served[route] {
			t.Errorf("functions/%s/routes.go does not register %s, which template.yaml lists", area, route)
		}
	}
}

// EveryRouteReturns503WithoutDatabase calls each route with the examples of its OpenAPI text while
// the database cannot be reached. It does so twice: once the check of the access finds out, once
// the view. Except names the routes that need no database, as "METHOD /path".
func EveryRouteReturns503WithoutDatabase(t *testing.T, routes function.Routes, except ...string) {
	t.Helper()
	s := newServer(t)
	ann := s.Administrator("ann.1")
	unreachable, err := store.Open("postgres://minifb@127.0.0.1:1/minifb", "test", 1) // port 1 is closed
	if err != nil {
		t.Fatal(err)
	}
	viewFails := serveUncounted(t, func(a *api.API, d function.Deps) {
		d.Store = unreachable
		routes(a, d)
	}, s.Deps)
	deps := s.Deps
	deps.Store, deps.Revoked = unreachable, unreachable.NewRevokedSessions()
	sessionFails := serveUncounted(t, routes, deps)

	text := openAPI(t, routes)
	for _, operation := range operations(text) {
		step := example(t, text, operation)
		step.As = ann
		if slices.Contains(except, step.Name) {
			continue
		}
		t.Run(step.Name, func(t *testing.T) {
			for _, url := range []string{sessionFails, viewFails} {
				response := Do(t, url, step)
				if response.Status != http.StatusServiceUnavailable {
					t.Errorf("status %d without a database: %s", response.Status, response.Body)
				}
				CheckResponse(t, response)
			}
		})
	}
}

// EveryRouteRefusesBadTokens calls each route without a token, and with tokens that are malformed,
// signed by another key, of a revoked session, or of a session that may only change the password.
func EveryRouteRefusesBadTokens(t *testing.T, routes function.Routes) {
	t.Helper()
	s := newServer(t)
	s.URL = serveUncounted(t, routes, s.Deps)
	bad := badTokens(t, s)
	restricted, _ := s.SignInRestricted(s.User("forgetful.1"))
	text := openAPI(t, routes)
	for _, operation := range operations(text) {
		step := example(t, text, operation)
		t.Run(step.Name, func(t *testing.T) {
			if api.AccessOf(operation) == api.Public { // public: a token is ignored
				step.Header = map[string]string{"Authorization": bad["malformed"]}
				response := Do(t, s.URL, step)
				// POST /refresh returns invalid_token for the refresh token in its body.
				refused := strings.Contains(response.Header.Get("WWW-Authenticate"), "invalid_token")
				if refused && step.Name != "POST /refresh" {
					t.Errorf("a public route checked the token: %s", response.Body)
				}
				return
			}
			unsigned := Do(t, s.URL, step)
			if needed := api.AccessOf(operation).NeedsToken(); needed != (unsigned.Status == http.StatusUnauthorized) {
				t.Errorf("without a token: %d %s", unsigned.Status, unsigned.Body)
			} else if needed && unsigned.Header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("without a token: WWW-Authenticate is %q", unsigned.Header.Get("WWW-Authenticate"))
			}
			for name, authorization := range bad {
				step.Header = map[string]string{"Authorization": authorization}
				response := Do(t, s.URL, step)
				challenge := response.Header.Get("WWW-Authenticate")
				if response.Status != http.StatusUnauthorized || challenge != `Bearer error="invalid_token"` {
					t.Errorf("a token %s: %d, %q", name, response.Status, challenge)
				}
				CheckResponse(t, response)
			}
			if api.AccessOf(operation) == api.PasswordChange {
				return // its own tests call it in a restricted session
			}
			step.Header, step.As = nil, restricted
			response := Do(t, s.URL, step)
			hint := strings.Contains(string(response.Body), "PATCH /user/password")
			if response.Status != http.StatusForbidden || !hint {
				t.Errorf("a token of a restricted session: %d %s", response.Status, response.Body)
			}
		})
	}
}

// badTokens returns values of Authorization that are not valid, by what is wrong with them.
func badTokens(t *testing.T, s *Server) map[string]string {
	t.Helper()
	ann := s.User("ann.1")
	revoked := s.SignIn(ann)
	if err := s.Store.RevokeSession(t.Context(), ann.UID, revoked.Session); err != nil {
		t.Fatal(err)
	}
	private, _, err := token.GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	signer, err := token.NewSigner(reload.Text(private), "minifb", "minifb")
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := signer.Sign(token.Claims{UserUID: ann.UID, SessionID: ann.Session})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"malformed": "Bearer x.y.z", "empty": "Bearer", "of another scheme": "Basic YW5uOmFubg==",
		"signed by another key": "Bearer " + foreign, "of a revoked session": "Bearer " + revoked.Token,
	}
}
