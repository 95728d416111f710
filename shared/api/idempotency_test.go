package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/store"
	"minifb/shared/testkit/areatest"
)

type onceInput struct {
	api.IdempotencyKey
	Body note
}

// onceRoutes answers what the store would be told, as a creation that was replayed where the key is "again".
func onceRoutes(a *api.API, _ function.Deps) {
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/once/{id}", Access: api.Public, Status: http.StatusCreated, Errors: []int{422},
	}, func(_ context.Context, in *onceInput) (*api.CreatedOutput[note], error) {
		o := in.Store()
		body, err := api.Render(func(text string) note { return note{Text: text} })(fmt.Sprintf("%s %s %s %x", o.Key, o.Method, o.Path, o.BodyHash))
		return api.Created[note](store.StoredResponse{ID: 7, Body: body, Replayed: o.Key == "again"}, err, "/note/")
	})
}

func TestOnceNamesTheRequest(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, onceRoutes)
	const body = `{ "text": "a" }`
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
	is := func(text, replayed string) func(*testing.T, areatest.Response) {
		return func(t *testing.T, a areatest.Response) {
			if got := a.Object(t)["text"]; got != text {
				t.Errorf("the store is told %q, want %q", got, text)
			}
			if a.Header.Get("Location") != "/note/7" || a.Header.Get("Idempotent-Replayed") != replayed {
				t.Errorf("the headers are %v", a.Header)
			}
		}
	}
	key := func(k string) map[string]string { return map[string]string{"idempotency-key": k} }
	b.Run(t, []areatest.Step{
		{Name: "a key", Do: "POST /once/a%2Fb?x=1", Body: body, Header: key("k"), Want: 201, Check: is("k POST /once/a%2Fb "+hash, "")},
		{Name: "again", Do: "POST /once/1", Body: body, Header: key("again"), Want: 201, Check: is("again POST /once/1 "+hash, "true")},
		{Name: "none", Do: "POST /once/1", Body: body, Want: 201, Check: is("   ", "")},
		{Name: "an empty one", Do: "POST /once/1", Body: body, Header: key(""), Want: 400, Hint: "Idempotency-Key: must be 1–255 visible ASCII characters"},
		{Name: "with a space", Do: "POST /once/1", Body: body, Header: key("a b"), Want: 400, Hint: "Idempotency-Key: must be 1–255 visible ASCII characters"},
	})
}

// What was rendered earlier is documented as what it is.
func TestARenderedBodyIsDocumented(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, onceRoutes)
	text := function.NewHandler("once", onceRoutes, b.Deps, function.Settings{}).API().OpenAPI()
	operation := text.Paths["/once/{id}"].Post
	created := operation.Responses["201"]
	if created.Headers["Location"] == nil || created.Headers["Idempotent-Replayed"] == nil {
		t.Errorf("the headers are %v", created.Headers)
	}
	shown := text.Components.Schemas.SchemaFromRef(created.Content["application/json"].Schema.Ref)
	if shown == nil || shown.Properties["text"] == nil {
		encoded, _ := json.Marshal(created.Content)
		t.Errorf("the body is %s", encoded)
	}
	if len(operation.Parameters) == 0 || operation.Parameters[len(operation.Parameters)-1].Name != "Idempotency-Key" || operation.Responses["422"] == nil {
		t.Errorf("the key is not documented: %v", operation.Parameters)
	}
}
