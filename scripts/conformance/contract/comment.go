package contract

import (
	"net/http"

	"minifb/scripts/conformance/check"
)

// timelineCases check GET /timeline and GET /timeline/{id}.
func timelineCases() []check.Case {
	var all list
	all.add("timeline/mine", "GET /timeline lists my own posts, newest first.", func(t *check.T) {
		u, eve := t.NewUser(), t.Borrow()
		get(t, u, "/timeline").Has("items", []any{}).Has("next", nil)
		first, second := newPost(t, u, "1"), newPost(t, u, "2")
		newPost(t, eve, "not mine")
		for _, path := range []string{"/timeline", "/timeline/" + u.ID} {
			r := get(t, u, path).Is(pageOf(postShape))
			check.Equal(t, "posts", size(r), 2)
			inOrder(r, second, first)
		}
		remove(t, u, second)
		check.Equal(t, "posts", size(get(t, u, "/timeline")), 1)
	})
	all.add("timeline/another user's", "GET /timeline/{id} lists that user's own posts, also without a token.",
		func(t *check.T) {
			u := t.NewUser()
			get(t, nil, "/timeline/"+u.ID).Has("items", []any{})
			post := newPost(t, u, "1")
			for _, as := range []*check.User{nil, t.Borrow(), u} {
				r := get(t, as, "/timeline/"+u.ID).Is(pageOf(postShape))
				check.Equal(t, "posts", size(r), 1)
				inOrder(r, post)
				r.Has("items.0.owner.id", u.ID)
			}
		})
	all.add("timeline/edited", "A list shows what is there now.", func(t *check.T) {
		u := t.NewUser()
		post := newPost(t, u, "1")
		change(t, u, post, check.JSON{"content": "2"}).Want(http.StatusOK)
		newComment(t, u, post, "x")
		get(t, nil, "/timeline/"+u.ID).Has("items.0.content", "2").Has("items.0.modified", true).
			Has("items.0.comment_count", 1)
	})
	return all
}

func size(r *check.Response) int {
	items, ok := r.Get("items").([]any)
	if !ok {
		r.Failf("a list of items", "%v", r.Get("items"))
	}
	return len(items)
}

// commentCases check the routes of a comment, besides those that it shares with a post.
func commentCases() []check.Case {
	var all list
	all.add("comment/add", "POST /post/{id}/comment is 201 with the Comment, and Location: /comment/{id}.",
		func(t *check.T) {
			u, eve := t.Borrow(), t.Borrow()
			post := newPost(t, u, "x")
			r := t.Send(check.Request{Do: "POST " + post + "/comment", As: eve, Body: check.JSON{"content": "좋아요!"}}).
				Want(http.StatusCreated).Is(commentShape).WithHeader("Idempotent-Replayed", "")
			r.WithHeader("Location", "/comment/"+itoa(r.Int("id"))).Has("content", "좋아요!").Has("modified", false).
				Has("owner", check.JSON{"id": eve.ID, "name": eve.Name, "nickname": nil}).Has("my_reaction", nil).
				Has("reactions", check.JSON{"1": 0, "2": 0, "3": 0, "4": 0, "5": 0})
			check.Equal(t, "post_id", "/post/"+itoa(r.Int("post_id")), post)
			for _, as := range []*check.User{nil, u, eve} {
				get(t, as, "/comment/"+itoa(r.Int("id"))).Equals(r)
			}
		})
	all.add("comment/list", "GET /post/{id}/comment lists that post's comments, newest first.", func(t *check.T) {
		u := t.Borrow()
		post, other := newPost(t, u, "x"), newPost(t, u, "y")
		get(t, nil, post+"/comment").Has("items", []any{}).Has("next", nil)
		first, second := newComment(t, t.Borrow(), post, "1"), newComment(t, u, post, "2")
		newComment(t, u, other, "not here")
		for _, as := range []*check.User{nil, u} {
			r := get(t, as, post+"/comment").Is(pageOf(commentShape))
			check.Equal(t, "comments", size(r), 2)
			inOrder(r, second, first)
		}
		react(t, u, first, 5).Want(http.StatusCreated)
		get(t, u, post+"/comment").Has("items.1.my_reaction", 5).Has("items.1.reactions.5", 1)
		get(t, nil, post+"/comment").Has("items.1.my_reaction", nil)
	})
	all.add("comment/count", "comment_count equals the comments, always.", func(t *check.T) {
		u := t.Borrow()
		post := newPost(t, u, "x")
		first := newComment(t, u, post, "1")
		get(t, nil, post).Has("comment_count", 1)
		newComment(t, t.Borrow(), post, "2")
		get(t, nil, post).Has("comment_count", 2)
		remove(t, u, first)
		get(t, nil, post).Has("comment_count", 1)
		t.Send(check.Request{Do: "DELETE " + first, As: u}).Want(http.StatusNotFound)
		get(t, nil, post).Has("comment_count", 1)
	})
	all.add("comment/delete", "DELETE /comment/{id} is 204, and its reactions go too.", func(t *check.T) {
		u := t.Borrow()
		post := newPost(t, u, "x")
		comment := newComment(t, u, post, "1")
		react(t, t.Borrow(), comment, 1).Want(http.StatusCreated)
		exist(t, u, comment, comment+"/reaction", post+"/comment")
		remove(t, u, comment)
		isMissing(t, u, comment, comment+"/reaction")
		get(t, nil, post+"/comment").Has("items", []any{})
		react(t, u, comment, 1).Want(http.StatusNotFound)
		change(t, u, comment, check.JSON{"content": "x"}).Want(http.StatusNotFound)
	})
	all.add("comment/the post's owner", "The owner of the post may not delete the comment of another user.",
		func(t *check.T) {
			u, eve := t.Borrow(), t.Borrow()
			comment := newComment(t, eve, newPost(t, u, "x"), "1")
			forbidden(t.Send(check.Request{Do: "DELETE " + comment, As: u}))
			get(t, nil, comment)
		})
	return all
}
