package areatest

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/function"
	"minifb/shared/ops/sam"
	"minifb/shared/store"
	"minifb/shared/token"
)

// RoutesMatchTemplate holds an area's routes against template.yaml, both ways.
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
	served := map[string]bool{}
	for _, operation := range operations(openAPI(t, routes)) {
		served[operation.Method+" "+operation.Path] = true
	}
	if !maps.Equal(listed, served) {
		t.Errorf("template.yaml lists %v, and the area serves %v", slices.Sorted(maps.Keys(listed)), slices.Sorted(maps.Keys(served)))
	}
}

// EveryRouteReturns503WithoutDatabase calls each route, as OpenAPI's own examples say it is called, while the database
// is out of reach: first for all of the function, then for the view alone. Those in except need no database.
func EveryRouteReturns503WithoutDatabase(t *testing.T, routes function.Routes, except ...string) {
	t.Helper()
	b := New(t, routes)
	ann := b.User("ann.1")
	lost, err := store.Open("postgres://minifb@127.0.0.1:1/minifb", "test", 1) // nobody listens on port 1
	if err != nil {
		t.Fatal(err)
	}
	deps := b.Deps
	deps.Store = lost
	view := Serve(t, routes, deps)
	deps.Revoked = lost.NewRevokedSessions()
	whole := Serve(t, routes, deps)

	text := openAPI(t, routes)
	for _, operation := range operations(text) {
		step := example(t, text, operation)
		step.As = ann
		if slices.Contains(except, step.Name) {
			continue
		}
		t.Run(step.Name, func(t *testing.T) {
			for _, url := range []string{whole, view} {
				answer := Do(t, url, step)
				if answer.Status != http.StatusServiceUnavailable {
					t.Errorf("status %d without a database: %s", answer.Status, answer.Body)
				}
				CheckResponse(t, answer)
			}
		})
	}
}

// EveryRouteRefusesBadTokens calls each route with tokens that are missing, malformed, of another signer, and of a session
// that has ended.
func EveryRouteRefusesBadTokens(t *testing.T, routes function.Routes) {
	t.Helper()
	b := New(t, routes)
	ann := b.User("ann.1")
	ended := b.SignIn(ann)
	if err := b.Store.RevokeSession(t.Context(), ann.UID, ended.Session); err != nil {
		t.Fatal(err)
	}
	private, _, err := token.GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := token.NewSigner(private, "minifb", "minifb")
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := stranger.Sign(token.Claims{UserUID: ann.UID, SessionID: ann.Session})
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string]string{
		"malformed": "Bearer x.y.z", "empty": "Bearer", "of another scheme": "Basic YW5uOmFubg==",
		"of another signer": "Bearer " + foreign, "of an ended session": "Bearer " + ended.Token,
	}
	text := openAPI(t, routes)
	for _, operation := range operations(text) {
		step := example(t, text, operation)
		t.Run(step.Name, func(t *testing.T) {
			if len(operation.Security) == 0 { // public: whatever token is sent is ignored
				step.Header = map[string]string{"Authorization": bad["malformed"]}
				if answer := Do(t, b.URL, step); strings.Contains(answer.Header.Get("WWW-Authenticate"), "invalid_token") && step.Name != "POST /refresh" {
					t.Errorf("a public route looked at the token: %s", answer.Body)
				}
				return
			}
			signedOut := Do(t, b.URL, step)
			if needed := len(operation.Security[0]) > 0; needed != (signedOut.Status == http.StatusUnauthorized) {
				t.Errorf("without a token: %d %s", signedOut.Status, signedOut.Body)
			} else if needed && signedOut.Header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("without a token: WWW-Authenticate is %q", signedOut.Header.Get("WWW-Authenticate"))
			}
			for name, sent := range bad {
				step.Header = map[string]string{"Authorization": sent}
				answer := Do(t, b.URL, step)
				if answer.Status != http.StatusUnauthorized || answer.Header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
					t.Errorf("a token %s: %d, %q", name, answer.Status, answer.Header.Get("WWW-Authenticate"))
				}
				CheckResponse(t, answer)
			}
		})
	}
}

// openAPI is an area's own description of its routes. Nothing is called, so that nothing behind them is needed.
func openAPI(t *testing.T, routes function.Routes) *huma.OpenAPI {
	t.Helper()
	lost, err := store.Open("postgres://", "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	return function.NewHandler("test", routes, depsOf(t, lost), function.Settings{}).API().OpenAPI()
}

func operations(text *huma.OpenAPI) (all []*huma.Operation) {
	for _, path := range slices.Sorted(maps.Keys(text.Paths)) {
		item := text.Paths[path]
		for _, operation := range []*huma.Operation{item.Get, item.Put, item.Post, item.Patch, item.Delete} {
			if operation != nil {
				all = append(all, operation)
			}
		}
	}
	return all
}

// example is a good call of an operation, made of the examples in its own OpenAPI text. Its name is "METHOD /path".
func example(t *testing.T, text *huma.OpenAPI, operation *huma.Operation) Step {
	t.Helper()
	step := Step{Name: operation.Method + " " + operation.Path}
	path := operation.Path
	for _, p := range operation.Parameters {
		if p.In == "path" {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", exampleOf(t, step.Name+" "+p.Name, p.Schema, p.Example).(string))
		}
	}
	step.Do = operation.Method + " " + path
	if operation.RequestBody == nil || !operation.RequestBody.Required {
		return step
	}
	schema := operation.RequestBody.Content["application/json"].Schema
	if schema.Ref != "" {
		schema = text.Components.Schemas.SchemaFromRef(schema.Ref)
	}
	body := map[string]any{}
	for _, name := range schema.Required {
		body[name] = exampleOf(t, step.Name+" "+name, schema.Properties[name], nil)
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	step.Body = string(encoded)
	return step
}

func exampleOf(t *testing.T, what string, schema *huma.Schema, given any) any {
	t.Helper()
	if given != nil {
		return given
	}
	if len(schema.Examples) == 0 {
		t.Fatalf("%s has no example in its description", what)
	}
	return schema.Examples[0]
}
