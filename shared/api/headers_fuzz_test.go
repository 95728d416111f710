package api_test

import (
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/reload"
	"minifb/shared/testkit/areatest"
	"minifb/shared/token"
)

// ask serves a request in the process: an event of Lambda can have headers that no HTTP client sends.
func ask(h http.Handler, do, body string, header http.Header) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(do, " ")
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("X-Request-Id", "r")
	maps.Copy(r.Header, header)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func newHandler(routes function.Routes, deps function.Deps) *function.Handler {
	return function.NewHandler("test", routes, deps, function.Settings{
		Origins: api.AllOrigins, Timeout: 30 * time.Second, Log: slog.New(slog.DiscardHandler),
	})
}

// hint returns the hint of an error, and "" for what is none.
func hint(w *httptest.ResponseRecorder) string {
	var body struct{ Result, Hint string }
	if json.Unmarshal(w.Body.Bytes(), &body) != nil || body.Result != http.StatusText(w.Code) {
		return ""
	}
	return body.Hint
}

// FuzzAuthorization puts text around and into a valid token. Only "Bearer", blanks and the whole token sign in, and no
// hint repeats what was sent.
func FuzzAuthorization(f *testing.F) {
	for _, seed := range []struct {
		before, between, after string
		at                     int
	}{
		{"Bearer ", "", "", 0}, {"bEARER   ", "", "", 0}, {"Basic ", "", "", 0}, {"Bearer\t", "", "", 0},
		{"", "", "", 0}, {"Bearer Bearer ", "", "", 0}, {"Bearer ", "", " ", 0}, {"Bearer ", "", ", Bearer x", 0},
		{"Bearer ", ".", "", 36},
		{"Bearer ", "=", "", 500}, {"Bearer ", "\x00", "", 3}, {" Bearer ", "", "", 0}, {"Bearer \u00a0", "", "", 0},
	} {
		f.Add(seed.before, seed.between, seed.after, seed.at)
	}
	private, public, err := token.GenerateKeys()
	if err != nil {
		f.Fatal(err)
	}
	signer, err := token.NewSigner(reload.Text(private), "i", "a")
	if err != nil {
		f.Fatal(err)
	}
	deps := areatest.New(f, routes).Deps
	if deps.Tokens, err = token.NewVerifier(reload.Text(public), "i", "a"); err != nil {
		f.Fatal(err)
	}
	handler := newHandler(routes, deps)
	hints := []string{
		"Authorization: must be 'Bearer' and the access token of POST /auth.",
		"The access token is not valid; get another from POST /refresh or POST /auth.",
	}
	f.Fuzz(func(t *testing.T, before, between, after string, at int) {
		good, err := signer.Sign(token.Claims{UserUID: 7, SessionID: "7f1e7b1a-4b8e-4f53-9d0c-0a3b2f6f8e11"})
		if err != nil {
			t.Fatal(err)
		}
		at = int(uint(at) % uint(len(good)+1))
		value := before + good[:at] + between + good[at:] + after
		valid := len(value) > 7 && strings.EqualFold(value[:7], "Bearer ") && strings.TrimLeft(value[7:], " ") == good
		header := http.Header{"Authorization": {value}}
		for do, signedIn := range map[string]bool{
			"GET /who/signed-in": true, "GET /who/optional": true, "GET /who/public": false,
		} {
			w := ask(handler, do, "", header)
			switch {
			case w.Header().Get("Cache-Control") != "no-store":
				t.Errorf("%s with %q may be cached", do, value)
			case !signedIn || valid:
				want := map[bool]string{true: `"id":7,`, false: `"id":0,`}[signedIn]
				if w.Code != 200 || !strings.Contains(w.Body.String(), want) {
					t.Errorf("%s with %q: %d %s", do, value, w.Code, w.Body)
				}
			case w.Code != 401 || w.Header().Get("WWW-Authenticate") != `Bearer error="invalid_token"` ||
				!slices.Contains(hints, hint(w)):
				t.Errorf("%s with %q: %d %v %s", do, value, w.Code, w.Header(), w.Body)
			}
		}
	})
}

// FuzzIdempotencyKey sends any key. The store gets it as it is, or the response is 400 and does not repeat it.
func FuzzIdempotencyKey(f *testing.F) {
	for _, key := range []string{
		"k", "", " ", "a b", "안녕", "\x7f", "~!", "a,b", "k\n", "\nk", "\xff",
		strings.Repeat("x", 255), strings.Repeat("x", 256),
	} {
		f.Add(key)
	}
	handler := newHandler(keyedRoutes, function.Deps{})
	visible := regexp.MustCompile(`\A[!-~]{1,255}\z`)
	f.Fuzz(func(t *testing.T, key string) {
		w := ask(handler, "POST /keyed/1", `{"text":"a"}`, http.Header{
			"Idempotency-Key": {key}, "Content-Type": {"application/json"},
		})
		if !visible.MatchString(key) {
			if w.Code != 400 || hint(w) != "Idempotency-Key: must be 1–255 visible ASCII characters" {
				t.Errorf("%q: %d %s", key, w.Code, w.Body)
			}
			return
		}
		var got note
		err := json.Unmarshal(w.Body.Bytes(), &got)
		if stored, _, _ := strings.Cut(got.Text, " "); err != nil || w.Code != 201 || stored != key {
			t.Errorf("%q: the store receives %q: %d, %v", key, got.Text, w.Code, err)
		}
	})
}

// FuzzHeadersWithoutMeaning sends headers that this API does not read, of which If-None-Match would make a 304
// elsewhere. The response is the same as without them.
func FuzzHeadersWithoutMeaning(f *testing.F) {
	names := []string{
		"If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range", "Accept", "Accept-Charset",
		"Accept-Encoding", "Accept-Language", "Cookie", "Origin", "Forwarded", "X-Forwarded-Host", "X-Original-Url",
		"X-Http-Method-Override", "Content-Type", "Content-Encoding", "Te", "Upgrade", "Expect", "Idempotency-Key",
	}
	for i := range names {
		for _, value := range []string{
			"*", `"1"`, `W/"1", "2"`, "a;,b", "bytes=0-1", "Thu, 01 Jan 1970 00:00:00 GMT", "", "\xff\x00",
		} {
			f.Add(uint(i), value)
		}
	}
	handler := newHandler(routes, function.Deps{})
	requests := []string{
		"GET /number?size=3", "GET /thing/1", "GET /nothing", "HEAD /number", "GET /number?size=x", "PUT /file",
	}
	f.Fuzz(func(t *testing.T, which uint, value string) {
		name := names[which%uint(len(names))]
		for _, do := range requests {
			plain, with := ask(handler, do, "", nil), ask(handler, do, "", http.Header{name: {value}})
			if plain.Code != with.Code || plain.Body.String() != with.Body.String() ||
				!maps.EqualFunc(plain.Header(), with.Header(), slices.Equal) {
				t.Errorf("%s with %s: %q: %d %v %s, want %d %v %s", do, name, value,
					with.Code, with.Header(), with.Body, plain.Code, plain.Header(), plain.Body)
			}
		}
	})
}
