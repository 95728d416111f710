package main

import (
	"crypto/sha256"
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
	mark := sha256.Sum256([]byte(u.Path + "?\x00" + key)) // see Page in package api
	query.Set("cursor", base64.RawURLEncoding.EncodeToString(append(mark[:6], key...)))
	return u.Path + "?" + query.Encode()
}
