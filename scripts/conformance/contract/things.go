package contract

import (
	"fmt"
	"net/http"
	"strconv"

	"minifb/scripts/conformance/check"
)

// newPost creates a post and returns its path.
func newPost(t *check.T, owner *check.User, content string) string {
	r := t.Send(check.Request{Do: "POST /post", As: owner, Body: check.JSON{"content": content}}).
		Want(http.StatusCreated)
	return fmt.Sprintf("/post/%d", r.Int("id"))
}

// newComment comments on a post and returns the comment's path.
func newComment(t *check.T, author *check.User, post, content string) string {
	r := t.Send(check.Request{Do: "POST " + post + "/comment", As: author, Body: check.JSON{"content": content}}).
		Want(http.StatusCreated)
	return fmt.Sprintf("/comment/%d", r.Int("id"))
}

// newThing returns the path of a new post, or of a new comment of the owner to a post of the owner.
func newThing(t *check.T, owner *check.User, kind string) string {
	post := newPost(t, owner, "a "+kind)
	if kind == "comment" {
		return newComment(t, owner, post, "a comment")
	}
	return post
}

// react puts a reaction.
func react(t *check.T, u *check.User, thing string, kind int) *check.Response {
	return t.Send(check.Request{Do: "PUT " + thing + "/reaction", As: u, Body: check.JSON{"type": kind}})
}

// get reads a path as a user, or as nobody.
func get(t *check.T, u *check.User, path string) *check.Response {
	return t.Send(check.Request{Do: "GET " + path, As: u}).Want(http.StatusOK)
}

// remove deletes what is at a path.
func remove(t *check.T, u *check.User, path string) {
	t.Send(check.Request{Do: "DELETE " + path, As: u}).Want(http.StatusNoContent)
}

// change sends a PATCH.
func change(t *check.T, u *check.User, path string, body check.JSON) *check.Response {
	return t.Send(check.Request{Do: "PATCH " + path, As: u, Body: body})
}

// key returns an Idempotency-Key.
func key(value string) []string { return []string{"Idempotency-Key: " + value} }

// tryAuth signs in and returns the response.
func tryAuth(t *check.T, id, password string) *check.Response {
	return t.Send(check.Request{Do: "POST /auth", Body: check.JSON{"id": id, "password": password}})
}

// another opens another session of a user.
func another(t *check.T, u *check.User) *check.User {
	other := *u
	t.SignIn(&other)
	return &other
}

// refresh uses a refresh token and returns the response.
func refresh(t *check.T, token string) *check.Response {
	return t.Send(check.Request{Do: "POST /refresh", Body: check.JSON{"refresh_token": token}})
}

// everyFunction are requests with a token to each area, which revoked sessions have to be refused
// by.
var everyFunction = []string{
	"GET /user", "GET /session", "GET /post?size=1", "GET /timeline?size=1", "GET /comment/" + missing,
	"GET /post/" + missing + "/reaction", "GET /notification?size=1", "GET /backoffice/stat/service",
}

// itoa writes a whole number.
func itoa[N int | int64](n N) string { return strconv.FormatInt(int64(n), 10) }
