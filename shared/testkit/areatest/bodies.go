package areatest

import (
	"net/http"
	"strings"
	"testing"

	"minifb/shared/api"
	"minifb/shared/function"
)

// EveryRouteRefusesBadBodies calls each route that needs a body with no body and with bodies that
// are not JSON, do not match the route's schema, are too long or have another media type.
func EveryRouteRefusesBadBodies(t *testing.T, routes function.Routes) {
	t.Helper()
	s := newServer(t)
	s.URL = serveUncounted(t, routes, s.Deps)
	ann := s.User("ann.1")
	text := openAPI(t, routes)
	for _, operation := range operations(text) {
		good := example(t, text, operation)
		if good.Body == "" {
			continue
		}
		good.As = ann
		t.Run(good.Name, func(t *testing.T) {
			unknown := `{"no_such_key":1,` + good.Body[1:]
			plain := map[string]string{"Content-Type": "text/plain"}
			tooLong := good.Body + strings.Repeat(" ", api.MaxBody)
			for _, step := range []Step{
				{Name: "no body", Body: "", Want: http.StatusBadRequest},
				{Name: "an empty object", Body: "{}", Want: http.StatusBadRequest},
				{Name: "null", Body: "null", Want: http.StatusBadRequest},
				{Name: "an array", Body: "[" + good.Body + "]", Want: http.StatusBadRequest},
				{Name: "truncated JSON", Body: good.Body[:len(good.Body)-1], Want: http.StatusBadRequest},
				{Name: "an unknown key", Body: unknown, Want: http.StatusBadRequest},
				{Name: "trailing data", Body: good.Body + "{}", Want: http.StatusBadRequest},
				{Name: "another media type", Body: good.Body, Header: plain, Want: http.StatusUnsupportedMediaType},
				{Name: "too long", Body: tooLong, Want: http.StatusRequestEntityTooLarge},
			} {
				step.As, step.Do = good.As, good.Do
				response := Do(t, s.URL, step)
				if response.Status != step.Want {
					t.Errorf("%s: status %d, want %d: %s", step.Name, response.Status, step.Want, response.Body)
				}
				CheckResponse(t, response)
			}
		})
	}
}
