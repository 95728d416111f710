package contract

import (
	"net/http"

	"minifb/scripts/conformance/check"
)

// unreact cancels a reaction.
func unreact(t *check.T, u *check.User, thing string) *check.Response {
	return t.Send(check.Request{Do: "DELETE " + thing + "/reaction", As: u})
}

// reactionCases check the reactions to posts and to comments, which follow the same rules.
func reactionCases() []check.Case {
	var all list
	for _, kind := range []string{"post", "comment"} {
		name := "reaction to a " + kind
		all.add(name+"/put", "PUT is 201 with the Reaction, or 200 where one stood.", func(t *check.T) {
			u, eve := t.Borrow(), t.Borrow()
			thing := newThing(t, u, kind)
			for i := 1; i <= 5; i++ {
				want := http.StatusOK
				if i == 1 {
					want = http.StatusCreated
				}
				react(t, eve, thing, i).Want(want).Is(reactionShape).Has("type", i).Has("modified", i > 1).
					Has("user", check.JSON{"id": eve.ID, "name": eve.Name, "nickname": nil})
				get(t, eve, thing).Has("my_reaction", i).Has("reactions."+itoa(i), 1)
			}
		})
		all.add(name+"/put the same", "Putting the same type changes nothing.", func(t *check.T) {
			u := t.Borrow()
			thing := newThing(t, u, kind)
			first := react(t, u, thing, 3).Want(http.StatusCreated).Has("modified", false)
			react(t, u, thing, 3).Want(http.StatusOK).Equals(first)
			get(t, nil, thing).Has("reactions", check.JSON{"1": 0, "2": 0, "3": 1, "4": 0, "5": 0})
			get(t, nil, thing+"/reaction").Has("items.0.modified", false)
		})
		all.add(name+"/put another", "Putting another type sets modified and moves the count.", func(t *check.T) {
			u := t.Borrow()
			thing := newThing(t, u, kind)
			first := react(t, u, thing, 3).Want(http.StatusCreated)
			changed := react(t, u, thing, 5).Want(http.StatusOK).Has("modified", true).Has("type", 5)
			changed.Has("created_at", first.Get("created_at"))
			get(t, nil, thing).Has("reactions", check.JSON{"1": 0, "2": 0, "3": 0, "4": 0, "5": 1})
			r := get(t, nil, thing+"/reaction")
			check.Equal(t, "reactions", size(r), 1)
			r.Has("items.0", changed.JSON())
			react(t, u, thing, 3).Want(http.StatusOK).Has("modified", true)
		})
	}
	return append(all, severalReactionCases()...)
}

// severalReactionCases check canceled reactions, and those of several users.
func severalReactionCases() []check.Case {
	var all list
	for _, kind := range []string{"post", "comment"} {
		name := "reaction to a " + kind
		all.add(name+"/cancel", "DELETE is 204, and 404 where I have no reaction.", func(t *check.T) {
			u, eve := t.Borrow(), t.Borrow()
			thing := newThing(t, u, kind)
			unreact(t, u, thing).Want(http.StatusNotFound)
			react(t, eve, thing, 2).Want(http.StatusCreated)
			unreact(t, u, thing).Want(http.StatusNotFound)
			get(t, nil, thing).Has("reactions.2", 1)
			unreact(t, eve, thing).Want(http.StatusNoContent)
			get(t, eve, thing).Has("reactions.2", 0).Has("my_reaction", nil)
			get(t, nil, thing+"/reaction").Has("items", []any{})
			unreact(t, eve, thing).Want(http.StatusNotFound)
			react(t, eve, thing, 2).Want(http.StatusCreated).Has("modified", false)
		})
		all.add(name+"/several users", "Counters equal the reactions.", func(t *check.T) {
			users := []*check.User{t.Borrow(), t.Borrow(), t.Borrow()}
			thing := newThing(t, users[0], kind)
			for i, u := range users {
				react(t, u, thing, 1+i/2*3).Want(http.StatusCreated)
			}
			get(t, users[0], thing).Has("reactions", check.JSON{"1": 2, "2": 0, "3": 0, "4": 1, "5": 0}).
				Has("my_reaction", 1)
			get(t, users[2], thing).Has("my_reaction", 4)
			get(t, nil, thing).Has("my_reaction", nil)
			r := get(t, nil, thing+"/reaction").Is(pageOf(reactionShape))
			for i, u := range users {
				r.Has("items."+itoa(2-i)+".user.id", u.ID)
			}
			check.Equal(t, "reactions", size(r), 3)
			unreact(t, users[1], thing).Want(http.StatusNoContent)
			get(t, nil, thing).Has("reactions.1", 1).Has("reactions.4", 1)
		})
		all.add(name+"/what must be sent", "type must be sent.", func(t *check.T) {
			u := t.Borrow()
			t.Send(check.Request{Do: "PUT " + newThing(t, u, kind) + "/reaction", As: u, Body: check.JSON{}}).
				Want(http.StatusBadRequest).Hints("type", "1", "5")
		})
		all.add(name+"/does not modify", "A reaction changes neither modified nor the ETag.", func(t *check.T) {
			u := t.Borrow()
			thing := newThing(t, u, kind)
			before := get(t, nil, thing)
			react(t, u, thing, 1).Want(http.StatusCreated)
			get(t, nil, thing).Has("modified", false).WithHeader("ETag", before.Header.Get("ETag"))
		})
	}
	all.add("reaction/of the other kind", "Reactions to a post and to its comment are apart.", func(t *check.T) {
		u := t.Borrow()
		post := newPost(t, u, "x")
		comment := newComment(t, u, post, "y")
		react(t, u, post, 1).Want(http.StatusCreated)
		get(t, u, comment).Has("my_reaction", nil).Has("reactions.1", 0)
		react(t, u, comment, 2).Want(http.StatusCreated)
		get(t, u, post).Has("my_reaction", 1).Has("reactions.2", 0)
		unreact(t, u, post).Want(http.StatusNoContent)
		get(t, u, comment).Has("my_reaction", 2)
	})
	return all
}
