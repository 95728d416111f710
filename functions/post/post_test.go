package main

import (
	"encoding/base64"
	"net/url"
	"testing"
)

// forge returns the next page with another key in its cursor.
func forge(t *testing.T, next, key string) string {
	t.Helper()
	u, err := url.Parse(next)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	decoded, err := base64.RawURLEncoding.DecodeString(query.Get("cursor"))
	if err != nil {
		t.Fatal(err)
	}
	query.Set("cursor", base64.RawURLEncoding.EncodeToString(append(decoded[:6:6], key...)))
	return u.Path + "?" + query.Encode()
}
