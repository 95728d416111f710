package core

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"minifb/scripts/conformance/check"
)

func itoa(n int) string { return strconv.Itoa(n) }

// missing is the id of nothing.
const missing = "2147483647"

func (k *kit) posts() {
	m := k.Members
	k.add("post/create", "A post has an owner, a content and a time.", "create_post get_post", func(t *check.T) {
		u := t.Borrow()
		id := k.newPost(t, u, "안녕! 😀\n'\"<b>")
		r := k.do(t, "get_post", u, values{"id": id}).Has(m["content"], "안녕! 😀\n'\"<b>").Has(m["owner_id"], u.ID)
		r.Get(m["created_at"])
	})
	k.add("post/edit", "A post can be changed by its owner.", "create_post get_post edit_post", func(t *check.T) {
		u := t.Borrow()
		id := k.newPost(t, u, "before")
		k.do(t, "edit_post", u, values{"id": id, "content": "after"})
		k.do(t, "get_post", u, values{"id": id}).Has(m["content"], "after")
	})
	k.add("post/delete", "A post can be deleted by its owner.", "create_post get_post delete_post", func(t *check.T) {
		u := t.Borrow()
		id := k.newPost(t, u, "x")
		k.do(t, "delete_post", u, values{"id": id})
		k.send(t, "get_post", u, values{"id": id}).Want(http.StatusNotFound)
	})
	k.add("post/of another user", "Others get 403, and a hint that names the method and the path.",
		"create_post get_post edit_post delete_post", func(t *check.T) {
			u, eve := t.Borrow(), t.Borrow()
			id := k.newPost(t, u, "mine")
			forbidden(k.send(t, "edit_post", eve, values{"id": id, "content": "not yours"}))
			forbidden(k.send(t, "delete_post", eve, values{"id": id}))
			k.do(t, "get_post", u, values{"id": id}).Has(m["content"], "mine")
		})
	k.add("post/signed out", "Only users post, change and delete.", "create_post edit_post delete_post",
		func(t *check.T) {
			id := k.newPost(t, t.Borrow(), "x")
			k.send(t, "create_post", nil, values{"content": "x"}).Want(http.StatusUnauthorized)
			k.send(t, "edit_post", nil, values{"id": id, "content": "x"}).Want(http.StatusUnauthorized)
			k.send(t, "delete_post", nil, values{"id": id}).Want(http.StatusUnauthorized)
		})
	k.add("post/missing", "What does not exist is 404.", "get_post edit_post delete_post", func(t *check.T) {
		u := t.Borrow()
		k.send(t, "get_post", u, values{"id": missing}).Want(http.StatusNotFound)
		k.send(t, "edit_post", u, values{"id": missing, "content": "x"}).Want(http.StatusNotFound)
		k.send(t, "delete_post", u, values{"id": missing}).Want(http.StatusNotFound)
	})
	k.add("post/list", "All posts are listed.", "create_post list_posts", func(t *check.T) {
		u := t.Borrow()
		id := k.newPost(t, u, "x")
		r := succeeds(t.Send(k.page(k.request("list_posts", u, nil), 50, 0)))
		if !slices.Contains(k.ids(r), id) {
			r.Failf("the new post "+id, "%v", k.ids(r))
		}
	})
	k.add("post/timelines", "A timeline has the posts of one user.", "create_post my_timeline user_timeline",
		func(t *check.T) {
			u, eve := t.NewUser(), t.Borrow()
			id := k.newPost(t, u, "x")
			k.newPost(t, eve, "not mine")
			for _, r := range []*check.Response{
				k.do(t, "my_timeline", u, nil), k.do(t, "user_timeline", eve, values{"user": u.ID}),
			} {
				if ids := k.ids(r); !slices.Equal(ids, []string{id}) {
					r.Failf("the post "+id+" alone", "%v", ids)
				}
			}
			k.send(t, "my_timeline", nil, nil).Want(http.StatusUnauthorized)
		})
}

func (k *kit) comments() {
	m := k.Members
	k.add("comment/add and list", "A comment has a user, a content, modified and a time.",
		"create_post add_comment list_comments", func(t *check.T) {
			u, eve := t.Borrow(), t.Borrow()
			post := k.newPost(t, u, "x")
			id := k.newComment(t, eve, post, "좋아요!")
			r := k.do(t, "list_comments", u, values{"id": post})
			if ids := k.ids(r); !slices.Equal(ids, []string{id}) {
				r.Failf("the comment "+id+" alone", "%v", ids)
			}
			item := k.items(r)[0]
			check.Equal(t, "the user", k.at(r, item, "owner_id"), any(eve.ID))
			check.Equal(t, "the content", k.at(r, item, "content"), any("좋아요!"))
			check.Equal(t, m["comment_modified"], k.at(r, item, "comment_modified"), any(false))
			k.at(r, item, "created_at")
			k.send(t, "add_comment", nil, values{"id": post, "content": "x"}).Want(http.StatusUnauthorized)
			k.send(t, "add_comment", u, values{"id": missing, "content": "x"}).Want(http.StatusNotFound)
		})
	k.add("comment/edit and delete", "A comment can be changed, which sets modified, and deleted.",
		"create_post add_comment edit_comment delete_comment list_comments", func(t *check.T) {
			u, eve := t.Borrow(), t.Borrow()
			post := k.newPost(t, u, "x")
			id := k.newComment(t, eve, post, "before")
			forbidden(k.send(t, "edit_comment", u, values{"id": id, "content": "not yours"}))
			forbidden(k.send(t, "delete_comment", u, values{"id": id}))
			k.do(t, "edit_comment", eve, values{"id": id, "content": "after"})
			r := k.do(t, "list_comments", u, values{"id": post})
			check.Equal(t, "comments", len(k.items(r)), 1)
			check.Equal(t, "the content", k.at(r, k.items(r)[0], "content"), any("after"))
			check.Equal(t, m["comment_modified"], k.at(r, k.items(r)[0], "comment_modified"), any(true))
			k.do(t, "delete_comment", eve, values{"id": id})
			check.Equal(t, "comments", len(k.items(k.do(t, "list_comments", u, values{"id": post}))), 0)
			k.send(t, "delete_comment", eve, values{"id": id}).Want(http.StatusNotFound)
		})
}

func (k *kit) reactions() {
	for _, kind := range []string{"post", "comment"} {
		put, cancel, listed := "react_to_"+kind, "cancel_"+kind+"_reaction", kind+"_reactions"
		k.add("reaction/to a "+kind, "A reaction has a type of 1 to 5, can be changed and be canceled.",
			"create_post add_comment "+put+" "+cancel+" "+listed, func(t *check.T) {
				u, eve := t.Borrow(), t.Borrow()
				id := k.newPost(t, u, "x")
				if kind == "comment" {
					id = k.newComment(t, u, id, "y")
				}
				for i, kind := range []int{3, 5} {
					k.do(t, put, eve, values{"id": id, "reaction_type": kind})
					r := k.do(t, listed, u, values{"id": id})
					check.Equal(t, "reactions of one user", len(k.items(r)), 1)
					item := k.items(r)[0]
					check.Equal(t, "the type", fmt.Sprint(k.at(r, item, "reaction_type")), itoa(kind))
					check.Equal(t, "the user", k.at(r, item, "reaction_user_id"), any(eve.ID))
					check.Equal(t, "modified", k.at(r, item, "reaction_modified"), any(i > 0))
				}
				for _, bad := range []any{0, 6, "x"} {
					refused(k.send(t, put, eve, values{"id": id, "reaction_type": bad}))
				}
				k.send(t, put, nil, values{"id": id, "reaction_type": 1}).Want(http.StatusUnauthorized)
				k.do(t, cancel, eve, values{"id": id})
				check.Equal(t, "reactions", len(k.items(k.do(t, listed, u, values{"id": id}))), 0)
				k.send(t, put, eve, values{"id": missing, "reaction_type": 1}).Want(http.StatusNotFound)
			})
	}
}
