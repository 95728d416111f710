package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/store"
	"minifb/shared/testkit/areatest"
)

type keyedInput struct {
	api.IdempotencyKey
	Body note
}

// keyedRoutes returns the key that the store would receive, as a response that is replayed if the
// key is "again".
func keyedRoutes(a *api.API, _ function.Deps) {
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/keyed/{id}", Access: api.Public, Status: http.StatusCreated,
		Errors: []int{422},
	}, func(_ context.Context, in *keyedInput) (*api.CreatedOutput[note], error) {
		key := in.Key()
		encode := api.Encode(func(text string) note { return note{Text: text} })
		body, err := encode(fmt.Sprintf("%s %s %s %x", key.Key, key.Method, key.Path, key.BodyHash))
		return api.Created[note](store.StoredResponse{ID: 7, Body: body, Replayed: key.Key == "again"}, err, "/note/")
	})
}

func TestIdempotencyKeyIdentifiesTheRequest(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, keyedRoutes)
	const body = `{ "text": "a" }`
	hash := fmt.Sprintf("%x", sha256.Sum256([]byte(body)))
	is := func(text, replayed string) func(*testing.T, areatest.Response) {
		return func(t *testing.T, response areatest.Response) {
			if got := response.Object(t)["text"]; got != text {
				t.Errorf("the store receives %q, want %q", got, text)
			}
			location, mark := response.Header.Get("Location"), response.Header.Get("Idempotent-Replayed")
			if location != "/note/7" || mark != replayed {
				t.Errorf("Location is %q, Idempotent-Replayed %q, want /note/7 and %q", location, mark, replayed)
			}
		}
	}
	hint := "Idempotency-Key: must be 1–255 visible ASCII characters"
	key := func(k string) map[string]string { return map[string]string{"idempotency-key": k} }
	s.Run(t, []areatest.Step{
		{Name: "a key", Do: "POST /keyed/a%2Fb?x=1", Body: body, Header: key("k"), Want: 201,
			Check: is("k POST /keyed/a%2Fb "+hash, "")},
		{Name: "again", Do: "POST /keyed/1", Body: body, Header: key("again"), Want: 201,
			Check: is("again POST /keyed/1 "+hash, "true")},
		{Name: "none", Do: "POST /keyed/1", Body: body, Want: 201, Check: is("   ", "")},
		{Name: "an empty one", Do: "POST /keyed/1", Body: body, Header: key(""), Want: 400, Hint: hint},
		{
			Name: "too long", Do: "POST /keyed/1", Body: body, Header: key(strings.Repeat("k", 256)),
			Want: 400, Hint: hint,
		},
		{Name: "with a space", Do: "POST /keyed/1", Body: body, Header: key("a b"), Want: 400, Hint: hint},
	})
}

func TestEncodedBodyIsDocumentedAsItsType(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, keyedRoutes)
	text := function.NewHandler("keyed", keyedRoutes, s.Deps, function.Settings{}).API().OpenAPI()
	operation := text.Paths["/keyed/{id}"].Post
	created := operation.Responses["201"]
	if created.Headers["Location"] == nil || created.Headers["Idempotent-Replayed"] == nil {
		t.Errorf("the headers are %v", created.Headers)
	}
	shown := text.Components.Schemas.SchemaFromRef(created.Content["application/json"].Schema.Ref)
	if shown == nil || shown.Properties["text"] == nil {
		encoded, _ := json.Marshal(created.Content)
		t.Errorf("the body is %s", encoded)
	}
	isKey := func(p *huma.Param) bool { return p.Name == "Idempotency-Key" && p.In == "header" }
	if !slices.ContainsFunc(operation.Parameters, isKey) || operation.Responses["422"] == nil {
		t.Errorf("the key is not documented: %v", operation.Parameters)
	}
}
