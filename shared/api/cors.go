package api

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ExposedHeaders are the headers of responses that a page of another origin may read. By the Fetch
// standard, it reads few others.
const ExposedHeaders = "Location, ETag, Retry-After, X-Request-Id, Idempotent-Replayed, WWW-Authenticate"

// AllowedHeaders are the headers that a page of another origin may send.
const AllowedHeaders = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id"

// PreflightMaxAge is how many seconds a browser may remember a preflight. It is Chromium's limit.
const PreflightMaxAge = 7200

// Origins are the origins whose pages may call the API from a browser, such as
// https://example.org. The zero value has none. Any origin is safe, because no cookie is ever read:
// a page knows no token but those that its user gave it.
type Origins struct {
	all  bool
	list []string
}

// AllOrigins allows every origin.
var AllOrigins = Origins{all: true}

// UnmarshalText parses "*", or a list of origins with commas and without spaces. An empty text is no
// origin.
func (o *Origins) UnmarshalText(text []byte) error {
	*o = Origins{}
	if string(text) == "*" {
		*o = AllOrigins
		return nil
	}
	if len(text) == 0 {
		return nil
	}
	for part := range strings.SplitSeq(string(text), ",") {
		u, err := url.Parse(part)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.Scheme+"://"+u.Host != part ||
			strings.ToLower(part) != part {
			return errors.New("not an origin")
		}
		o.list = append(o.list, part)
	}
	return nil
}

func (o Origins) none() bool { return !o.all && len(o.list) == 0 }

// Allow adds to the header of a response what lets the page that sent the request read it.
func (o Origins) Allow(header http.Header, r *http.Request) {
	switch {
	case o.all:
		header.Set("Access-Control-Allow-Origin", "*")
	case o.none():
		return
	default:
		header.Add("Vary", "Origin")
		origin := r.Header.Get("Origin")
		if !slices.Contains(o.list, origin) {
			return
		}
		header.Set("Access-Control-Allow-Origin", origin)
	}
	header.Set("Access-Control-Expose-Headers", ExposedHeaders)
}

// isPreflight reports whether a browser asks if it may send a request.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Origin") != "" &&
		r.Header.Get("Access-Control-Request-Method") != ""
}

// respondToPreflight lists the methods of the path's routes. Allow adds whether the origin may send
// them.
func respondToPreflight(w http.ResponseWriter, allow string) {
	header := w.Header()
	header.Del("Allow")
	header.Set("Access-Control-Allow-Methods", allow)
	header.Set("Access-Control-Allow-Headers", AllowedHeaders)
	header.Set("Access-Control-Max-Age", strconv.Itoa(PreflightMaxAge))
	w.WriteHeader(http.StatusNoContent)
}
