package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"minifb/shared/function"
	"minifb/shared/testkit/areatest"
)

// A route that returns a page or a file is checked like any other, and its errors are JSON.
func TestDocument(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ann := s.User("ann.1")
	const page = "<!doctype html>\n<title>안녕</title>"
	for name, test := range map[string]struct {
		step            areatest.Step
		mediaType, body string
	}{
		"a page":        {areatest.Step{As: ann, Do: "GET /page/1", Want: 200}, "text/html; charset=utf-8", page},
		"a page's head": {areatest.Step{As: ann, Do: "HEAD /page/1", Want: 200}, "text/html; charset=utf-8", ""},
		"a file": {
			areatest.Step{Do: "POST /file", Body: `{"text":"[1 ]"}`, Want: 200}, "application/json", "[1 ]",
		},
		"no such page":   {areatest.Step{As: ann, Do: "GET /page/x", Want: 404}, "application/json", ""},
		"no token":       {areatest.Step{Do: "GET /page/1", Want: 401}, "application/json", ""},
		"a bad body":     {areatest.Step{Do: "POST /file", Body: `{"text":""}`, Want: 400}, "application/json", ""},
		"a wrong method": {areatest.Step{Do: "GET /file", Want: 405}, "application/json", ""},
	} {
		response := areatest.Do(t, s.URL, test.step)
		if got := response.Header.Get("Content-Type"); response.Status != test.step.Want || got != test.mediaType {
			t.Errorf("%s: status %d, Content-Type %q: %s", name, response.Status, got, response.Body)
		}
		if response.Status >= http.StatusBadRequest {
			areatest.CheckResponse(t, response)
		} else if string(response.Body) != test.body {
			t.Errorf("%s: the body is %q, want %q", name, response.Body, test.body)
		}
		if response.Header.Get("X-Content-Type-Options") != "nosniff" || response.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: the headers are %v", name, response.Header)
		}
	}
}

func TestDocumentedMediaType(t *testing.T) {
	t.Parallel()
	text := function.NewHandler("test", routes, serve(t).Deps, function.Settings{}).API().OpenAPI()
	for want, content := range map[string]any{
		`"text/html":{"schema":{"type":"string"}}`:        text.Paths["/page/{id}"].Get.Responses["200"],
		`"application/json":{"schema":{"type":"object"}}`: text.Paths["/file"].Post.Responses["200"],
	} {
		encoded, err := json.Marshal(content)
		want = fmt.Sprintf(`{"content":{%s},"description":"OK"}`, want)
		if string(encoded) != want || err != nil {
			t.Errorf("it is documented as %s, %v, want %s", encoded, err, want)
		}
	}
}
