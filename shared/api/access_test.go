package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"minifb/shared/reload"
	"minifb/shared/testkit/areatest"
	"minifb/shared/token"
)

// TestAccess sends each kind of Authorization header to a route of each kind of access.
func TestAccess(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ann, root := s.User("ann.1"), s.Administrator("root")
	good := "Authorization: Bearer " + ann.Token + "\r\n"
	const none, invalid = "Bearer", `Bearer error="invalid_token"`
	for name, test := range map[string]struct {
		header   string
		uid      int64  // of the viewer
		needed   string // WWW-Authenticate where a token is needed; "" if the request is accepted
		optional string // where it is optional
	}{
		"none":                 {"", 0, none, ""},
		"valid":                {good, ann.UID, "", ""},
		"scheme in lower case": {"Authorization: bearer " + ann.Token + "\r\n", ann.UID, "", ""},
		"scheme in mixed case": {"authorization: bEaReR " + ann.Token + "\r\n", ann.UID, "", ""},
		"more spaces":          {"Authorization:   Bearer   " + ann.Token + "  \r\n", ann.UID, "", ""},
		"an administrator's":   {"Authorization: Bearer " + root.Token + "\r\n", root.UID, "", ""},
		"empty":                {"Authorization:\r\n", 0, invalid, invalid},
		"scheme alone":         {"Authorization: Bearer \r\n", 0, invalid, invalid},
		"token alone":          {"Authorization: " + ann.Token + "\r\n", 0, invalid, invalid},
		"another scheme":       {"Authorization: Basic YW5uOmFubg==\r\n", 0, invalid, invalid},
		"no space":             {"Authorization: Bearer" + ann.Token + "\r\n", 0, invalid, invalid},
		"cut off": {
			"Authorization: Bearer " + ann.Token[:len(ann.Token)-1] + "\r\n", 0, invalid, invalid,
		},
		"text after the token":  {"Authorization: Bearer " + ann.Token + " x\r\n", 0, invalid, invalid},
		"two lines, both valid": {good + good, 0, invalid, invalid},
		"two lines, one empty":  {"Authorization:\r\n" + good, 0, invalid, invalid},
		"a refresh token":       {"Authorization: Bearer " + ann.Refresh + "\r\n", 0, invalid, invalid},
		"in the query only":     {"X-Authorization: Bearer " + ann.Token + "\r\n", 0, none, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for path, refused := range map[string]string{
				"public": "", "optional": test.optional, "signed-in": test.needed, "administrator": test.needed,
			} {
				response := raw(t, s.URL, "GET /who/"+path+"?access_token="+ann.Token+" HTTP/1.1\r\nHost: x\r\n"+
					"Connection: close\r\n"+test.header+"\r\n")
				areatest.CheckResponse(t, response)
				if path == "administrator" && test.uid == ann.UID {
					if response.Status != http.StatusForbidden {
						t.Errorf("%s: %d %s", path, response.Status, response.Body)
					}
					continue
				}
				got := response.Header.Get("WWW-Authenticate")
				if got != refused || (response.Status == http.StatusUnauthorized) != (refused != "") {
					t.Errorf("%s: %d, WWW-Authenticate: %q, want %q", path, response.Status, got, refused)
					continue
				}
				uid := test.uid
				if path == "public" {
					uid = 0
				}
				if refused == "" && fmt.Sprint(response.Object(t)["id"]) != fmt.Sprint(uid) {
					t.Errorf("%s: the view sees %s, want %d", path, response.Body, uid)
				}
			}
		})
	}
}

// Without public keys no token is valid or not valid: that is an outage.
func TestTokensDuringAnOutageOfTheKeys(t *testing.T) {
	t.Parallel()
	down := httptest.NewServer(nil)
	down.Close()
	source, err := reload.URL(down.URL)
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t)
	ann := s.User("ann.1")
	if s.Deps.Tokens, err = token.NewVerifier(source, "minifb", "minifb"); err != nil {
		t.Fatal(err)
	}
	s.URL = areatest.Serve(t, routes, s.Deps)
	s.Run(t, []areatest.Step{
		{Name: "a token", As: ann, Do: "GET /who/signed-in", Want: 503},
		{Name: "an optional one", As: ann, Do: "GET /who/optional", Want: 503},
		{Name: "no token", Do: "GET /who/optional", Want: 200},
		{Name: "not ready", Do: "GET /readyz", Want: 503, Check: func(t *testing.T, r areatest.Response) {
			if !strings.Contains(string(r.Body), "the public keys cannot be read") {
				t.Errorf("the response is %s", r.Body)
			}
		}},
	})
}

// The role counts at the time of each request. Everyone else is refused before the body is looked
// at.
func TestAdministrator(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ann, root, deleted := s.User("ann.1"), s.Administrator("root"), s.User("deleted.1")
	s.Exec(`UPDATE users SET deleted_at = now() WHERE uid = $1`, deleted.UID)
	const hint = "You have not permission for 'POST /admin/note'"
	text := map[string]string{"Content-Type": "text/plain"}
	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "POST /admin/note", Body: `{"text":"a"}`, Want: 401},
		{Name: "another user", As: ann, Do: "POST /admin/note", Body: `{"text":"a"}`, Want: 403, Hint: hint},
		{
			Name: "another user, with a bad query", As: ann, Do: "POST /admin/note?%zz", Body: `{"text":"a"}`,
			Want: 403, Hint: hint,
		},
		{Name: "another user, with a bad body", As: ann, Do: "POST /admin/note", Body: `{`, Want: 403, Hint: hint},
		{
			Name: "another user, with another media type", As: ann, Do: "POST /admin/note", Body: `{`, Header: text,
			Want: 403, Hint: hint,
		},
		{Name: "a deleted account", As: deleted, Do: "POST /admin/note", Body: `{"text":"a"}`, Want: 401},
		{Name: "an administrator", As: root, Do: "POST /admin/note", Body: `{"text":"a"}`, Want: 200},
		{Name: "an administrator, with a bad body", As: root, Do: "POST /admin/note", Body: `{`, Want: 400},
	})
	s.Exec(`UPDATE users SET role = 'user' WHERE uid = $1`, root.UID)
	s.Run(t, []areatest.Step{
		{
			Name: "an administrator whose role was revoked", As: root, Do: "POST /admin/note", Body: `{"text":"a"}`,
			Want: 403, Hint: hint,
		},
	})
}

// TestOrder breaks several rules at once. The first of these is reported: route, access, media
// type, body, existence, permission.
func TestOrder(t *testing.T) {
	t.Parallel()
	s := serve(t)
	ann := s.User("ann.1")
	const good, bad = `{"text":"a"}`, `{"text":""}`
	text := map[string]string{"Content-Type": "text/plain"}
	var huge [70 << 10]byte
	s.Run(t, []areatest.Step{
		{Name: "no route", Do: "PATCH /notes/x?size=0", Body: bad, Header: text, Want: 404},
		{Name: "no method", Do: "POST /note/x", Body: bad, Header: text, Want: 405},
		{Name: "no token", Do: "PATCH /note/x", Body: bad, Header: text, Want: 401},
		{Name: "no token, bad query", Do: "PATCH /note/x?%zz", Body: bad, Header: text, Want: 401},
		{Name: "no media type, too long", As: ann, Do: "PATCH /note/x", Body: string(huge[:]), Header: text, Want: 415},
		{Name: "no media type, bad body", As: ann, Do: "PATCH /note/x", Body: bad, Header: text, Want: 415},
		{Name: "too long", As: ann, Do: "PATCH /note/x", Body: string(huge[:]), Want: 413},
		{Name: "bad body", As: ann, Do: "PATCH /note/x", Body: bad, Want: 400},
		{Name: "no such note", As: ann, Do: "PATCH /note/x", Body: good, Want: 404},
		{Name: "no permission", As: ann, Do: "PATCH /note/1?x=y", Body: good, Want: 403,
			Hint: "You have not permission for 'PATCH /note/1'"},
		{
			Name: "the path as sent", As: ann, Do: "DELETE /thing/%41%2F%ec%95%88?x=y", Want: 403,
			Hint: "You have not permission for 'DELETE /thing/%41%2F%ec%95%88'",
		},
		{Name: "a good request", As: ann, Do: "PATCH /note/2", Body: good, Want: 200},
	})
}
