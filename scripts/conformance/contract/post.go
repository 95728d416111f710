package contract

import (
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

// forbidden is the hint of every 403 that is about the owner.
func forbidden(r *check.Response) {
	do, _, _ := strings.Cut(r.Request().Do, "?")
	r.Want(http.StatusForbidden).Has("hint", "You have not permission for '"+do+"'")
}

// postCases check the routes of a post.
func postCases() []check.Case {
	var all list
	all.add("post/create", "POST /post is 201 with the Post, and Location: /post/{id}.", func(t *check.T) {
		u := t.Borrow()
		r := t.Send(check.Request{Do: "POST /post", As: u, Body: check.JSON{"content": "안녕!"}}).Want(http.StatusCreated)
		r.Is(postShape).WithHeader("Location", "/post/"+itoa(r.Int("id"))).WithHeader("Idempotent-Replayed", "")
		r.Has("owner", check.JSON{"id": u.ID, "name": u.Name, "nickname": nil}).Has("content", "안녕!").
			Has("modified", false).Has("comment_count", 0).Has("my_reaction", nil).
			Has("reactions", check.JSON{"1": 0, "2": 0, "3": 0, "4": 0, "5": 0})
		for _, as := range []*check.User{nil, u, t.Borrow()} {
			get(t, as, "/post/"+itoa(r.Int("id"))).Equals(r)
		}
	})
	all.add("post/ids", "Ids grow, and no two posts have the same.", func(t *check.T) {
		u := t.Borrow()
		if first, second := newPost(t, u, "1"), newPost(t, u, "2"); first == second {
			t.Failf("two ids", "one: %s", first)
		}
	})
	all.add("post/feed", "GET /post lists the posts of all users, newest first.", func(t *check.T) {
		first, second := newPost(t, t.Borrow(), "1"), newPost(t, t.Borrow(), "2")
		r := get(t, nil, feed).Is(pageOf(postShape))
		inOrder(r, second, first)
		get(t, t.Borrow(), "/post").Is(pageOf(postShape))
	})
	all.add("post/my_reaction in the feed", "my_reaction is that of the viewer, also in lists.", func(t *check.T) {
		u := t.Borrow()
		post := newPost(t, u, "x")
		react(t, u, post, 4).Want(http.StatusCreated)
		for as, want := range map[*check.User]any{u: 4, t.Borrow(): nil, nil: nil} {
			get(t, as, post).Has("my_reaction", want).Has("reactions.4", 1)
			get(t, as, "/timeline/"+u.ID+"?size=1").Has("items.0.my_reaction", want).Has("items.0.reactions.4", 1)
			r := get(t, as, feed)
			if i := find(r, post); i >= 0 {
				r.Has("items."+itoa(i)+".my_reaction", want).Has("items."+itoa(i)+".reactions.4", 1)
			}
		}
	})
	all.add("post/delete", "DELETE /post/{id} is 204; comments, reactions and notifications go too.", func(t *check.T) {
		u, eve := t.NewUser(), t.Borrow()
		post := newPost(t, u, "x")
		inOrder(get(t, nil, feed), post)
		comment := newComment(t, eve, post, "y")
		react(t, eve, post, 1).Want(http.StatusCreated)
		react(t, eve, comment, 1).Want(http.StatusCreated)
		get(t, u, "/notification/unread-count").Has("count", 2)
		paths := []string{post, comment, post + "/comment", post + "/reaction", comment + "/reaction"}
		exist(t, u, paths...)
		remove(t, u, post)
		isMissing(t, u, paths...)
		isUnlisted(get(t, nil, feed), post)
		get(t, u, "/notification/unread-count").Has("count", 0)
		get(t, u, "/notification").Has("items", []any{})
		get(t, u, "/timeline").Has("items", []any{})
		t.Send(check.Request{Do: "DELETE " + post, As: u}).Want(http.StatusNotFound)
		change(t, u, post, check.JSON{"content": "x"}).Want(http.StatusNotFound)
	})
	return append(all, editCases()...)
}

// editCases check what posts and comments have in common: owner, edits and deletion.
func editCases() []check.Case {
	var all list
	for _, kind := range []string{"post", "comment"} {
		shape := map[string]check.Shape{"post": postShape, "comment": commentShape}[kind]
		all.add(kind+"/edit", "PATCH with another content is 200, and sets modified.", func(t *check.T) {
			u := t.Borrow()
			path := newThing(t, u, kind)
			before := get(t, nil, path).Has("modified", false)
			r := change(t, u, path, check.JSON{"content": "고침"}).Want(http.StatusOK).Is(shape)
			r.Has("content", "고침").Has("modified", true).Has("created_at", before.Get("created_at")).
				Has("id", before.Get("id")).Has("owner", before.Get("owner"))
			get(t, u, path).Equals(r)
			change(t, u, path, check.JSON{"content": before.Text("content")}).Want(http.StatusOK).Has("modified", true)
		})
		all.add(kind+"/edit without a change", "PATCH with the same content changes nothing.", func(t *check.T) {
			u := t.Borrow()
			path := newThing(t, u, kind)
			before := get(t, u, path)
			change(t, u, path, check.JSON{"content": before.Text("content")}).Want(http.StatusOK).Equals(before)
			get(t, u, path).Equals(before).WithHeader("ETag", before.Header.Get("ETag"))
		})
		all.add(kind+"/edit keeps counters", "An edit changes neither reactions nor counters.", func(t *check.T) {
			u := t.Borrow()
			path := newThing(t, u, kind)
			react(t, u, path, 2).Want(http.StatusCreated)
			change(t, u, path, check.JSON{"content": "y"}).Want(http.StatusOK).Has("reactions.2", 1).
				Has("my_reaction", 2)
		})
		all.add(kind+"/another user's", "Only the owner may change or delete; the hint names method and path as sent.",
			func(t *check.T) {
				u, eve := t.Borrow(), t.Borrow()
				path := newThing(t, u, kind)
				before := get(t, nil, path)
				forbidden(change(t, eve, path, check.JSON{"content": "mine"}))
				forbidden(t.Send(check.Request{Do: "DELETE " + path, As: eve}))
				forbidden(t.Send(check.Request{Do: "DELETE " + path + "?x=1", As: eve}))
				get(t, nil, path).Equals(before)
			})
		all.admin(kind+"/an administrator", "An administrator is no owner either.", func(t *check.T) {
			path := newThing(t, t.Borrow(), kind)
			forbidden(change(t, t.Admin(), path, check.JSON{"content": "mine"}))
			forbidden(t.Send(check.Request{Do: "DELETE " + path, As: t.Admin()}))
		})
	}
	return all
}

// find returns the place of a post or comment in a list, or -1.
func find(r *check.Response, path string) int {
	items, _ := r.Get("items").([]any)
	wanted := path[strings.LastIndex(path, "/")+1:]
	for i := range items {
		if itoa(r.Int("items."+itoa(i)+".id")) == wanted {
			return i
		}
	}
	return -1
}

// inOrder checks that a list has these, in this order.
func inOrder(r *check.Response, paths ...string) {
	last := -1
	for _, path := range paths {
		i := find(r, path)
		if i < 0 || i <= last {
			r.Failf(strings.Join(paths, ", ")+" in this order", "%s is at %d", path, i)
		}
		last = i
	}
}
