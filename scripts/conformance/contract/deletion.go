package contract

import (
	"net/http"

	"minifb/scripts/conformance/check"
)

// leave deletes an account.
func leave(t *check.T, u *check.User) {
	t.Send(check.Request{Do: "POST /user/deletion", As: u, Body: check.JSON{"password": password}}).
		Want(http.StatusNoContent)
}

// exist checks that paths are there, so that it tells something if they are missing later.
func exist(t *check.T, u *check.User, paths ...string) {
	for _, path := range paths {
		get(t, u, path)
	}
}

func isMissing(t *check.T, u *check.User, paths ...string) {
	for _, path := range paths {
		t.Send(check.Request{Do: "GET " + path, As: u}).Want(http.StatusNotFound)
	}
}

// feed is as much of the list of all posts as one page can hold.
const feed = "/post?size=100"

// isUnlisted checks that a list does not have a post.
func isUnlisted(r *check.Response, post string) {
	if find(r, post) >= 0 {
		r.Failf("a list without "+post, "it is listed")
	}
}

// deletionCases check POST /user/deletion.
func deletionCases() []check.Case {
	var all list
	const hides = "Deletion of an account hides it and all it made at once."
	all.add("deletion/account", hides, func(t *check.T) {
		u := t.NewUser()
		exist(t, nil, "/user/"+u.ID, "/timeline/"+u.ID)
		leave(t, u)
		isMissing(t, nil, "/user/"+u.ID, "/timeline/"+u.ID)
		tryAuth(t, u.ID, password).Want(http.StatusUnauthorized)
	})
	all.add("deletion/sessions", "A session ends with its account.", func(t *check.T) {
		u := t.NewUser()
		other := another(t, u)
		leave(t, u)
		isRevoked(t, u)
		isRevoked(t, other)
	})
	all.add("deletion/posts", hides, func(t *check.T) {
		u, eve := t.NewUser(), t.Borrow()
		post := newPost(t, u, "gone")
		inOrder(get(t, nil, feed), post)
		comment := newComment(t, eve, post, "with it")
		paths := []string{post, post + "/comment", post + "/reaction", comment, comment + "/reaction"}
		exist(t, eve, paths...)
		leave(t, u)
		isMissing(t, eve, paths...)
		t.Send(check.Request{Do: "POST " + post + "/comment", As: eve, Body: check.JSON{"content": "x"}}).
			Want(http.StatusNotFound)
		react(t, eve, post, 1).Want(http.StatusNotFound)
		isUnlisted(get(t, nil, feed), post)
	})
	all.add("deletion/comments and reactions", hides, func(t *check.T) {
		u, eve := t.NewUser(), t.NewUser()
		post := newPost(t, eve, "stays")
		mine := newComment(t, eve, post, "stays")
		comment := newComment(t, u, post, "gone")
		react(t, u, post, 3).Want(http.StatusCreated)
		react(t, u, mine, 4).Want(http.StatusCreated)
		exist(t, eve, comment, post+"/reaction", mine+"/reaction", "/notification")
		leave(t, u)
		isMissing(t, eve, comment)
		l := get(t, nil, post+"/comment")
		check.Equal(t, "comments", size(l), 1)
		get(t, nil, post+"/reaction").Has("items", []any{})
		get(t, nil, mine+"/reaction").Has("items", []any{})
		get(t, eve, "/notification").Has("items", []any{})
		get(t, eve, "/notification/unread-count").Has("count", 0)
	})
	all.add("deletion/ID", "An ID is free again after deletion, and the next account has nothing of the last.",
		func(t *check.T) {
			u := t.NewUser()
			post := newPost(t, u, "gone")
			change(t, u, "/user/nickname", check.JSON{"nickname": "gone"}).Want(http.StatusOK)
			t.Send(check.Request{Do: "GET /check/id/" + u.ID}).Want(http.StatusConflict)
			leave(t, u)
			t.Send(check.Request{Do: "GET /check/id/" + u.ID}).Want(http.StatusOK)
			again := signUp(t, u.ID)
			t.SignIn(again)
			get(t, again, "/user").Has("nickname", nil)
			get(t, again, "/timeline").Has("items", []any{})
			isMissing(t, again, post)
			if r := t.Send(check.Request{Do: "GET /user", As: u}); r.Status == http.StatusOK {
				r.Failf("the old token is refused", "200")
			}
		})
	return append(all, refusedDeletionCases()...)
}

// refusedDeletionCases check what keeps an account.
func refusedDeletionCases() []check.Case {
	var all list
	all.add("deletion/wrong password", "A wrong current password is 403, and deletes nothing.", func(t *check.T) {
		u := t.NewUser()
		t.Send(check.Request{Do: "POST /user/deletion", As: u, Body: check.JSON{"password": "another password"}}).
			Want(http.StatusForbidden)
		get(t, u, "/user")
		get(t, nil, "/user/"+u.ID)
	})
	all.add("deletion/must be sent", "password must be sent.", func(t *check.T) {
		u := t.Borrow()
		t.Send(check.Request{Do: "POST /user/deletion", As: u, Body: check.JSON{}}).Want(http.StatusBadRequest).
			Hints("password", "10", "100")
		t.Send(check.Request{Do: "POST /user/deletion", As: u, Body: check.JSON{"password": "short"}}).
			Want(http.StatusBadRequest).Hints("password", "10", "100")
		get(t, u, "/user")
	})
	return all
}
