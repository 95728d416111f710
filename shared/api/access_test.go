package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"minifb/shared/testkit/areatest"
)

// TestWhoMayCall sends each kind of route every kind of Authorization.
func TestWhoMayCall(t *testing.T) {
	t.Parallel()
	b := serve(t)
	ann := b.User("ann.1")
	none, bad := "Bearer", `Bearer error="invalid_token"`
	for name, test := range map[string]struct {
		sent  string // header lines
		uid   int64  // who is seen on a route that looks
		wants string // WWW-Authenticate where a token is needed; "": let in
		maybe string // where it is optional
	}{
		"none":                  {"", 0, none, ""},
		"good":                  {"Authorization: Bearer " + ann.Token + "\r\n", ann.UID, "", ""},
		"scheme in lower case":  {"Authorization: bearer " + ann.Token + "\r\n", ann.UID, "", ""},
		"scheme in mixed case":  {"authorization: bEaReR " + ann.Token + "\r\n", ann.UID, "", ""},
		"more spaces":           {"Authorization:   Bearer   " + ann.Token + "  \r\n", ann.UID, "", ""},
		"empty":                 {"Authorization:\r\n", 0, bad, bad},
		"scheme alone":          {"Authorization: Bearer \r\n", 0, bad, bad},
		"token alone":           {"Authorization: " + ann.Token + "\r\n", 0, bad, bad},
		"another scheme":        {"Authorization: Basic YW5uOmFubg==\r\n", 0, bad, bad},
		"no space":              {"Authorization: Bearer" + ann.Token + "\r\n", 0, bad, bad},
		"cut off":               {"Authorization: Bearer " + ann.Token[:len(ann.Token)-1] + "\r\n", 0, bad, bad},
		"more behind":           {"Authorization: Bearer " + ann.Token + " x\r\n", 0, bad, bad},
		"two lines, both good":  {"Authorization: Bearer " + ann.Token + "\r\nAuthorization: Bearer " + ann.Token + "\r\n", 0, bad, bad},
		"two lines, one empty":  {"Authorization:\r\nAuthorization: Bearer " + ann.Token + "\r\n", 0, bad, bad},
		"a refresh token":       {"Authorization: Bearer " + ann.Refresh + "\r\n", 0, bad, bad},
		"in the query, no more": {"X-Authorization: Bearer " + ann.Token + "\r\n", 0, none, ""},
	} {
		t.Run(name, func(t *testing.T) {
			for path, refused := range map[string]string{"public": "", "optional": test.maybe, "signed-in": test.wants} {
				answer := raw(t, b.URL, "GET /who/"+path+"?access_token="+ann.Token+" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"+test.sent+"\r\n")
				areatest.CheckResponse(t, answer)
				if got := answer.Header.Get("WWW-Authenticate"); got != refused || (answer.Status == http.StatusUnauthorized) != (refused != "") {
					t.Errorf("%s: %d, WWW-Authenticate: %q, want %q", path, answer.Status, got, refused)
					continue
				}
				uid := test.uid
				if path == "public" {
					uid = 0
				}
				if refused == "" && fmt.Sprint(answer.Object(t)["id"]) != fmt.Sprint(uid) {
					t.Errorf("%s: the view sees %s, want %d", path, answer.Body, uid)
				}
			}
		})
	}
}

// TestOrder breaks several rules at once: route, token, media type, body, existence, permission are told in this order.
func TestOrder(t *testing.T) {
	t.Parallel()
	b := serve(t)
	ann := b.User("ann.1")
	const good, bad = `{"text":"a"}`, `{"text":""}`
	text := map[string]string{"Content-Type": "text/plain"}
	var huge [70 << 10]byte
	b.Run(t, []areatest.Step{
		{Name: "no route", Do: "PATCH /notes/x?size=0", Body: bad, Header: text, Want: 404},
		{Name: "no method", Do: "POST /note/x", Body: bad, Header: text, Want: 405},
		{Name: "no token", Do: "PATCH /note/x", Body: bad, Header: text, Want: 401},
		{Name: "no token, bad query", Do: "PATCH /note/x?%zz", Body: bad, Header: text, Want: 401},
		{Name: "no media type, too long", As: ann, Do: "PATCH /note/x", Body: string(huge[:]), Header: text, Want: 415},
		{Name: "no media type, bad body", As: ann, Do: "PATCH /note/x", Body: bad, Header: text, Want: 415},
		{Name: "too long", As: ann, Do: "PATCH /note/x", Body: string(huge[:]), Want: 413},
		{Name: "bad body", As: ann, Do: "PATCH /note/x", Body: bad, Want: 400},
		{Name: "no such thing", As: ann, Do: "PATCH /note/x", Body: good, Want: 404},
		{Name: "no permission", As: ann, Do: "PATCH /note/1?x=y", Body: good, Want: 403, Hint: "You have not permission for 'PATCH /note/1'"},
		{Name: "the path as sent", As: ann, Do: "DELETE /thing/%41%2F%ec%95%88?x=y", Want: 403, Hint: "You have not permission for 'DELETE /thing/%41%2F%ec%95%88'"},
		{Name: "all is well", As: ann, Do: "PATCH /note/2", Body: good, Want: 200},
	})
}
