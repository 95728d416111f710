package api_test

import (
	"net/http"
	"testing"

	"minifb/shared/testkit/areatest"
)

// A cache between the client and a function must not give one user's response to another.
func TestResponsesToTokensAreNotCached(t *testing.T) {
	t.Parallel()
	b := serve(t)
	ann := b.User("ann.1")
	valid, invalid := "Bearer "+ann.Token, "Bearer x.y.z"
	for _, test := range []struct {
		do, token    string
		status       int
		cache, varys string
	}{
		{"GET /who/public", "", 200, "", ""},
		{"GET /who/public", valid, 200, "no-store", ""},
		{"GET /who/public", invalid, 200, "no-store", ""},
		{"GET /who/optional", "", 200, "", "Authorization"},
		{"HEAD /who/optional", "", 200, "", "Authorization"},
		{"GET /who/optional", valid, 200, "no-store", "Authorization"},
		{"HEAD /who/optional", valid, 200, "no-store", "Authorization"},
		{"GET /who/optional", invalid, 401, "no-store", "Authorization"},
		{"GET /number?size=0", "", 400, "", "Authorization"},
		{"GET /number?size=0", valid, 400, "no-store", "Authorization"},
		{"GET /who/signed-in", "", 401, "", ""},
		{"GET /who/signed-in", valid, 200, "no-store", ""},
		{"GET /who/administrator", valid, 403, "no-store", ""},
		{"GET /page/1", valid, 200, "no-store", ""},
		{"DELETE /thing/1", valid, 403, "no-store", ""},
		{"GET /panic", valid, 500, "no-store", ""},
		{"GET /fail", valid, 500, "no-store", ""},
		{"GET /nowhere", valid, 404, "no-store", ""},
		{"BREW /who/optional", valid, 405, "no-store", ""},
		{"GET /healthz", valid, 200, "no-store", ""},
	} {
		step := areatest.Step{Do: test.do, Header: map[string]string{}}
		if test.token != "" {
			step.Header["Authorization"] = test.token
		}
		response := areatest.Do(t, b.URL, step)
		cache, varys := response.Header.Get("Cache-Control"), response.Header.Get("Vary")
		if response.Status != test.status || cache != test.cache || varys != test.varys {
			t.Errorf("%s with the token %.12q: %d, Cache-Control: %q, Vary: %q; want %d, %q, %q",
				test.do, test.token, response.Status, cache, varys, test.status, test.cache, test.varys)
		}
	}
	empty := raw(t, b.URL, "GET /who/optional HTTP/1.1\r\nHost: x\r\nAuthorization:\r\nConnection: close\r\n\r\n")
	if got := empty.Header.Get("Cache-Control"); empty.Status != http.StatusUnauthorized || got != "no-store" {
		t.Errorf("an empty token: %d, Cache-Control: %q", empty.Status, got)
	}
}
