package areatest

import (
	"net/http"
	"strings"
	"testing"

	"minifb/shared/api"
	"minifb/shared/function"
)

// EveryRouteRefusesBadBodies calls each route that needs a body with none, with ones that are no JSON or not the route's,
// too long or of another media type.
func EveryRouteRefusesBadBodies(t *testing.T, routes function.Routes) {
	t.Helper()
	b := New(t, routes)
	ann := b.User("ann.1")
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
			for _, step := range []Step{
				{Name: "no body", Body: "", Want: http.StatusBadRequest},
				{Name: "no key", Body: "{}", Want: http.StatusBadRequest},
				{Name: "null", Body: "null", Want: http.StatusBadRequest},
				{Name: "a list", Body: "[" + good.Body + "]", Want: http.StatusBadRequest},
				{Name: "cut short", Body: good.Body[:len(good.Body)-1], Want: http.StatusBadRequest},
				{Name: "an unknown key", Body: unknown, Want: http.StatusBadRequest},
				{Name: "something behind it", Body: good.Body + "{}", Want: http.StatusBadRequest},
				{Name: "not called JSON", Body: good.Body, Header: plain, Want: http.StatusUnsupportedMediaType},
				{Name: "too long", Body: good.Body + strings.Repeat(" ", api.MaxBody), Want: http.StatusRequestEntityTooLarge},
			} {
				step.As, step.Do = good.As, good.Do
				answer := Do(t, b.URL, step)
				if answer.Status != step.Want {
					t.Errorf("%s: status %d, want %d: %s", step.Name, answer.Status, step.Want, answer.Body)
				}
				CheckResponse(t, answer)
			}
		})
	}
}
