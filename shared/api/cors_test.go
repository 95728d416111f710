package api_test

import (
	"net/http"
	"slices"
	"testing"

	"minifb/shared/api"
	"minifb/shared/testkit/areatest"
)

// origins parses a setting.
func origins(t *testing.T, text string) (o api.Origins) {
	t.Helper()
	if err := o.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	const page = "https://page.example"
	for _, test := range []struct{ setting, origin, allowed, vary string }{
		{"*", page, "*", ""},
		{"*", "", "*", ""},
		{"*", "null", "*", ""},
		{page, page, page, "Origin"},
		{"http://localhost:3000," + page, page, page, "Origin"},
		{page, "", "", "Origin"},
		{page, "https://other.example", "", "Origin"},
		{page, "http://page.example", "", "Origin"},
		{page, page + ".evil.example", "", "Origin"},
		{page, "null", "", "Origin"},
		{"", page, "", ""},
	} {
		header := http.Header{}
		request := &http.Request{Header: http.Header{}}
		if test.origin != "" {
			request.Header.Set("Origin", test.origin)
		}
		origins(t, test.setting).Allow(header, request)
		allowed, vary := header.Get("Access-Control-Allow-Origin"), header.Get("Vary")
		exposed := header.Get("Access-Control-Expose-Headers") != ""
		if allowed != test.allowed || vary != test.vary || exposed != (test.allowed != "") {
			t.Errorf("%q for a page of %q: %v", test.setting, test.origin, header)
		}
		if header.Get("Access-Control-Allow-Credentials") != "" {
			t.Error("a page may send cookies")
		}
	}
}

// Every path has a preflight, whatever the access of its routes is, and no token is asked for.
func TestPreflight(t *testing.T) {
	t.Parallel()
	s := serve(t)
	preflight := func(path, method string) areatest.Response {
		return areatest.Do(t, s.URL, areatest.Step{Do: "OPTIONS " + path, Header: map[string]string{
			"Origin": "https://page.example", "Access-Control-Request-Method": method,
			"Access-Control-Request-Headers": "authorization,content-type",
		}})
	}
	for path, methods := range map[string]string{
		"/number": "GET, HEAD", "/note": "POST, PUT", "/who/signed-in": "GET, HEAD", "/who/administrator": "GET, HEAD",
	} {
		for _, method := range []string{"GET", "PUT", "BREW"} {
			r := preflight(path, method)
			areatest.CheckResponse(t, r)
			if r.Status != 204 || r.Header.Get("Access-Control-Allow-Methods") != methods ||
				r.Header.Get("Access-Control-Allow-Origin") != "*" || r.Header.Get("Allow") != "" ||
				r.Header.Get("Access-Control-Max-Age") == "" ||
				!slices.Contains(r.Header["Access-Control-Allow-Headers"],
					"Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id") {
				t.Errorf("%s of %s: %d %v", method, path, r.Status, r.Header)
			}
		}
	}
	if r := preflight("/nothing", "GET"); r.Status != 404 {
		t.Errorf("a preflight of no route: %d", r.Status)
	}
	r := s.Do(t, nil, "OPTIONS /number", "")
	if r.Status != 405 || r.Header.Get("Allow") != "GET, HEAD" {
		t.Errorf("OPTIONS that is no preflight: %d %v", r.Status, r.Header)
	}
}
