package api

import (
	"net/http"
	"strings"
)

// LimitCaching sets the headers of a complete response that keep caches from giving it to another
// client. It is called for every response, errors included.
func (a *API) LimitCaching(header http.Header, r *http.Request) {
	KeepOutOfCaches(header, r)
	method, path, _ := strings.Cut(r.Pattern, " ")
	item := a.OpenAPI().Paths[path]
	if item == nil {
		return // not a route of the contract
	}
	if AccessOf(operationOf(item, method)) == Optional {
		header.Add("Vary", "Authorization")
	}
}

// KeepOutOfCaches forbids caches to store the response to a request with a token. It replaces a
// view's own Cache-Control, as no view knows what a proxy does with the token.
func KeepOutOfCaches(header http.Header, r *http.Request) {
	if _, sent := r.Header["Authorization"]; sent {
		header.Set("Cache-Control", "no-store")
	}
}
