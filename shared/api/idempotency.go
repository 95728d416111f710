package api

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"reflect"
	"regexp"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"minifb/shared/store"
)

// IdempotencyKey is the header with which a client can repeat a creating request without creating
// twice. Embed it in the input of the request, beside its Body.
type IdempotencyKey struct {
	Header string `header:"Idempotency-Key" doc:"1–255 visible ASCII characters. For 24 hours, the same key with the same body returns the first response again" example:"8e03978e-40d5-43e8-bc93-6894a57f9324"` //nolint:lll // a struct tag is one line

	key store.IdempotencyKey
}

var idempotencyKey = regexp.MustCompile(`^[\x21-\x7e]{1,255}$`)

// Resolve is called by huma. It checks the header, which is invalid if it is sent empty, and sets
// the key.
func (k *IdempotencyKey) Resolve(ctx huma.Context) []error {
	sent := false
	ctx.EachHeader(func(name, _ string) { sent = sent || name == "Idempotency-Key" })
	if !sent {
		return nil
	}
	if !idempotencyKey.MatchString(k.Header) {
		return []error{&huma.ErrorDetail{
			Location: "header.Idempotency-Key", Message: "must be 1–255 visible ASCII characters",
		}}
	}
	r, _ := humago.Unwrap(ctx)
	body, err := r.GetBody() // set by checkBody
	if err != nil {
		return []error{err}
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, body); err != nil {
		return []error{err}
	}
	k.key = store.IdempotencyKey{Key: k.Header, Method: r.Method, Path: r.URL.EscapedPath(), BodyHash: hash.Sum(nil)}
	return nil
}

// Key returns the key as the store expects it; without the header, the zero value.
func (k *IdempotencyKey) Key() store.IdempotencyKey { return k.key }

// Encode returns a function that encodes a model as the JSON of its response, which newResponse
// makes.
func Encode[M, T any](newResponse func(M) T) func(M) ([]byte, error) {
	return func(model M) ([]byte, error) {
		var body bytes.Buffer
		if err := marshal(&body, newResponse(model)); err != nil {
			return nil, fmt.Errorf("encode response: %w", err)
		}
		return body.Bytes(), nil
	}
}

// Encoded is a body that is JSON already, and is documented as the T that it encodes.
type Encoded[T any] struct{ json []byte }

// EncodedAs returns the JSON of a T as a body.
func EncodedAs[T any](json []byte) Encoded[T] { return Encoded[T]{json} }

// AppendJSON appends the body.
func (e Encoded[T]) AppendJSON(b []byte) []byte { return append(b, e.json...) }

// Schema documents the body.
func (Encoded[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// CreatedOutput is the output of a view that creates a T.
type CreatedOutput[T any] struct {
	Location string `header:"Location" doc:"The path of what was created"`
	Replayed string `header:"Idempotent-Replayed" doc:"true if this repeats the response to an earlier request"`
	Body     Encoded[T]
}

// Created returns the output for a response that the store returned, or its error. The location is
// prefix and the new id.
func Created[T any](response store.StoredResponse, err error, prefix string) (*CreatedOutput[T], error) {
	if err != nil {
		return nil, err
	}
	out := &CreatedOutput[T]{Location: prefix + idText(response.ID), Body: Encoded[T]{response.Body}}
	if response.Replayed {
		out.Replayed = "true"
	}
	return out, nil
}
