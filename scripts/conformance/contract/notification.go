package contract

import (
	"net/http"

	"minifb/scripts/conformance/check"
)

// unread checks how many notifications of a user are unread.
func unread(t *check.T, u *check.User, n int) {
	get(t, u, "/notification/unread-count").Is(countShape).Has("count", n)
	check.Equal(t, "unread notifications", size(get(t, u, "/notification?unread=true&size=100")), n)
}

// notificationCases check who is notified of what.
func notificationCases() []check.Case {
	var all list
	all.add("notification/comment", "A comment on my post makes a notification of type 1.", func(t *check.T) {
		u, eve := t.NewUser(), t.Borrow()
		post := newPost(t, u, "x")
		comment := newComment(t, eve, post, "y")
		r := get(t, u, "/notification").Is(pageOf(notificationShape)).Has("next", nil)
		check.Equal(t, "notifications", size(r), 1)
		r.Has("items.0.type", 1).Has("items.0.reaction_type", nil).Has("items.0.read", false).
			Has("items.0.actor", check.JSON{"id": eve.ID, "name": eve.Name, "nickname": nil})
		check.Equal(t, "post_id", "/post/"+itoa(r.Int("items.0.post_id")), post)
		check.Equal(t, "comment_id", "/comment/"+itoa(r.Int("items.0.comment_id")), comment)
		unread(t, u, 1)
		newComment(t, eve, post, "z")
		unread(t, u, 2)
		remove(t, eve, comment)
		unread(t, u, 1)
	})
	all.add("notification/reaction", "The first reaction of a user to my post makes a notification of type 2.",
		func(t *check.T) {
			u, eve := t.NewUser(), t.Borrow()
			post := newPost(t, u, "x")
			react(t, eve, post, 4).Want(http.StatusCreated)
			r := get(t, u, "/notification").Is(pageOf(notificationShape))
			check.Equal(t, "notifications", size(r), 1)
			r.Has("items.0.type", 2).Has("items.0.comment_id", nil).Has("items.0.reaction_type", 4).
				Has("items.0.read", false).Has("items.0.actor", check.JSON{"id": eve.ID, "name": eve.Name,
				"nickname": nil})
			check.Equal(t, "post_id", "/post/"+itoa(r.Int("items.0.post_id")), post)
		})
	all.add("notification/reaction changed",
		"Changing a reaction updates its notification's reaction_type and leaves read.",
		func(t *check.T) {
			u, eve := t.NewUser(), t.Borrow()
			post := newPost(t, u, "x")
			react(t, eve, post, 1).Want(http.StatusCreated)
			first := get(t, u, "/notification")
			id := itoa(first.Int("items.0.id"))
			change(t, u, "/notification/"+id, check.JSON{"read": true}).Want(http.StatusOK)
			react(t, eve, post, 5).Want(http.StatusOK)
			r := get(t, u, "/notification").Has("items.0.id", first.Get("items.0.id")).
				Has("items.0.reaction_type", 5).Has("items.0.read", true)
			check.Equal(t, "notifications", size(r), 1)
			react(t, eve, post, 5).Want(http.StatusOK)
			unread(t, u, 0)
		})
	all.add("notification/reaction canceled", "Cancelling a reaction removes its notification.", func(t *check.T) {
		u, eve := t.NewUser(), t.Borrow()
		post := newPost(t, u, "x")
		newComment(t, eve, post, "stays")
		react(t, eve, post, 1).Want(http.StatusCreated)
		unread(t, u, 2)
		unreact(t, eve, post).Want(http.StatusNoContent)
		unread(t, u, 1)
		get(t, u, "/notification").Has("items.0.type", 1)
		react(t, eve, post, 2).Want(http.StatusCreated)
		unread(t, u, 2)
	})
	return append(all, silentCases()...)
}

// silentCases check what notifies nobody.
func silentCases() []check.Case {
	var all list
	all.add("notification/oneself", "Nobody is notified of what they did themselves.", func(t *check.T) {
		u := t.NewUser()
		post := newPost(t, u, "x")
		comment := newComment(t, u, post, "y")
		react(t, u, post, 1)
		react(t, u, comment, 1)
		unread(t, u, 0)
		get(t, u, "/notification").Has("items", []any{})
	})
	all.add("notification/reaction to a comment", "Reactions to comments notify nobody.", func(t *check.T) {
		u, eve := t.NewUser(), t.NewUser()
		comment := newComment(t, eve, newPost(t, u, "x"), "y")
		unread(t, u, 1)
		react(t, u, comment, 1).Want(http.StatusCreated)
		unread(t, u, 1)
		unread(t, eve, 0)
	})
	all.add("notification/comments of others", "A comment notifies the post's owner, and no other commenter.",
		func(t *check.T) {
			u, eve := t.NewUser(), t.NewUser()
			post := newPost(t, u, "x")
			newComment(t, eve, post, "y")
			newComment(t, t.Borrow(), post, "z")
			unread(t, eve, 0)
			unread(t, u, 2)
		})
	all.add("notification/edited comment", "Editing a comment notifies nobody again.", func(t *check.T) {
		u, eve := t.NewUser(), t.Borrow()
		comment := newComment(t, eve, newPost(t, u, "x"), "y")
		t.Send(check.Request{Do: "POST /notification/read", As: u}).Want(http.StatusOK).Has("count", 1)
		change(t, eve, comment, check.JSON{"content": "z"}).Want(http.StatusOK)
		unread(t, u, 0)
		check.Equal(t, "notifications", size(get(t, u, "/notification")), 1)
	})
	return append(all, readCases()...)
}

// notified returns a new user and the ids of n notifications, newest first.
func notified(t *check.T, n int) (u *check.User, ids []int64) {
	u, eve := t.NewUser(), t.Borrow()
	post := newPost(t, u, "x")
	for range n {
		newComment(t, eve, post, "y")
	}
	r := get(t, u, "/notification?size=100")
	check.Equal(t, "notifications", size(r), n)
	for i := range n {
		ids = append(ids, r.Int("items."+itoa(i)+".id"))
	}
	return u, ids
}

// readCases check how notifications become read.
func readCases() []check.Case {
	var all list
	all.add("notification/read one", "PATCH /notification/{id} is 200 with the Notification, and back again.",
		func(t *check.T) {
			u, ids := notified(t, 2)
			path := "/notification/" + itoa(ids[1])
			for _, read := range []bool{true, true, false} {
				change(t, u, path, check.JSON{"read": read}).Want(http.StatusOK).Is(notificationShape).
					Has("read", read).Has("id", ids[1])
				unread(t, u, map[bool]int{true: 1, false: 2}[read])
			}
			get(t, u, "/notification").Has("items.0.id", ids[0]).Has("items.0.read", false)
		})
	all.add("notification/filter", "?unread=true filters, and takes true or false, else 400.", func(t *check.T) {
		u, ids := notified(t, 3)
		change(t, u, "/notification/"+itoa(ids[1]), check.JSON{"read": true}).Want(http.StatusOK)
		r := get(t, u, "/notification?unread=true").Has("items.0.id", ids[0]).Has("items.1.id", ids[2])
		r.Has("items.0.read", false).Has("items.1.read", false)
		check.Equal(t, "notifications", size(r), 2)
		r = get(t, u, "/notification?unread=false").Has("items.0.read", false).Has("items.1.read", true)
		check.Equal(t, "notifications", size(r), 3)
		for _, bad := range []string{"", "1", "yes", "TRUE", "x"} {
			t.Send(check.Request{Do: "GET /notification?unread=" + bad, As: u}).Want(http.StatusBadRequest).
				Hints("unread")
		}
	})
	all.add("notification/read all", "POST /notification/read without a body reads all, and counts those newly read.",
		func(t *check.T) {
			u, ids := notified(t, 3)
			change(t, u, "/notification/"+itoa(ids[0]), check.JSON{"read": true}).Want(http.StatusOK)
			for _, n := range []int{2, 0} {
				t.Send(check.Request{Do: "POST /notification/read", As: u}).Want(http.StatusOK).Is(countShape).
					Has("count", n)
				unread(t, u, 0)
			}
		})
	all.add("notification/read an empty object", "up_to may be left out or null.", func(t *check.T) {
		for _, body := range []check.JSON{{}, {"up_to": nil}} {
			u, _ := notified(t, 1)
			t.Send(check.Request{Do: "POST /notification/read", As: u, Body: body}).Want(http.StatusOK).Has("count", 1)
		}
	})
	all.add("notification/read up to", "up_to reads those up to and with that one.", func(t *check.T) {
		u, ids := notified(t, 3)
		t.Send(check.Request{Do: "POST /notification/read", As: u, Body: check.JSON{"up_to": ids[1]}}).
			Want(http.StatusOK).Has("count", 2)
		r := get(t, u, "/notification?unread=true").Has("items.0.id", ids[0])
		check.Equal(t, "unread notifications", size(r), 1)
	})
	all.add("notification/another user's", "The notification of another user is 404, and stays unread.",
		func(t *check.T) {
			u, ids := notified(t, 1)
			eve := t.Borrow()
			change(t, eve, "/notification/"+itoa(ids[0]), check.JSON{"read": true}).Want(http.StatusNotFound)
			t.Send(check.Request{Do: "POST /notification/read", As: eve}).Want(http.StatusOK)
			unread(t, u, 1)
		})
	return all
}
