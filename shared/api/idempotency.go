package api

import (
	"bytes"
	"crypto/sha256"
	"reflect"
	"regexp"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"

	"minifb/shared/store"
)

// Once is the header that lets a creating request be sent again without creating twice. Embed it in the input.
type IdempotencyKey struct {
	Key string `header:"Idempotency-Key" doc:"1–255 visible ASCII characters. The same key with the same body is answered as the first time, for 24 hours" example:"8e03978e-40d5-43e8-bc93-6894a57f9324"`

	once store.IdempotencyKey
}

var idempotencyKey = regexp.MustCompile(`^[\x21-\x7e]{1,255}$`)

type bodyHashKey struct{}

// withBodyHash notes the hash of the body as sent, for Once.
func withBodyHash(ctx huma.Context, body []byte) huma.Context {
	hash := sha256.Sum256(body)
	return huma.WithValue(ctx, bodyHashKey{}, hash[:])
}

// Resolve is huma's call to read what it cannot check by a schema: a key that was sent empty is a bad one too.
func (o *IdempotencyKey) Resolve(ctx huma.Context) []error {
	sent := false
	ctx.EachHeader(func(name, _ string) { sent = sent || name == "Idempotency-Key" })
	if !sent {
		return nil
	}
	if !idempotencyKey.MatchString(o.Key) {
		return []error{&huma.ErrorDetail{Location: "header.Idempotency-Key", Message: "must be 1–255 visible ASCII characters"}}
	}
	u := ctx.URL()
	hash, _ := ctx.Context().Value(bodyHashKey{}).([]byte)
	o.once = store.IdempotencyKey{Key: o.Key, Method: ctx.Method(), Path: u.EscapedPath(), BodyHash: hash}
	return nil
}

// Store is the request's name as the store takes it.
func (o *IdempotencyKey) Store() store.IdempotencyKey { return o.once }

// Rendered is a body that was turned into JSON earlier, documented as the T that it was.
type Rendered[T any] struct{ json []byte }

// MarshalJSON is the body as it was.
func (r Rendered[T]) MarshalJSON() ([]byte, error) { return r.json, nil }

// Schema documents it.
func (Rendered[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// A CreatedOutput is what a creating view answers.
type CreatedOutput[T any] struct {
	Location string `header:"Location" doc:"The path of what was created"`
	Replayed string `header:"Idempotent-Replayed" doc:"true where this is an earlier request's answer again"`
	Body     Rendered[T]
}

// Created answers a creation. location is the path that its id is put behind.
func Created[T any](c store.StoredResponse, err error, location string) (*CreatedOutput[T], error) {
	if err != nil {
		return nil, err
	}
	out := &CreatedOutput[T]{Location: location + idText(c.ID), Body: Rendered[T]{c.Body}}
	if c.Replayed {
		out.Replayed = "true"
	}
	return out, nil
}

// Render is how show's shape of a model is kept to be answered again.
func Render[M, T any](show func(M) T) func(M) ([]byte, error) {
	return func(model M) ([]byte, error) {
		var body bytes.Buffer
		err := json.MarshalWrite(&body, show(model))
		return body.Bytes(), err
	}
}
