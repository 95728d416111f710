package contract

import (
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

// tally returns how many responses have a status, and checks that the others have the other.
func tally(responses []*check.Response, status, other int) (n int) {
	for _, r := range responses {
		wantOneOf(r, status, other)
		if r.Status == status {
			n++
		}
	}
	return n
}

// wantOneOf checks that a response has one of two statuses.
func wantOneOf(r *check.Response, status, other int) {
	if r.Status != status {
		r.Want(other)
	}
}

const counters = "Counters equal the rows, always, also under races."

// raceCases send requests at the same time, and then compare counters with rows.
func raceCases() []check.Case {
	var all list
	all.add("race/sign-ups of one ID", "Of several sign-ups of one ID one succeeds; the others are 409.",
		func(t *check.T) {
			id := t.NewID()
			var requests []check.Request
			for i := range 6 {
				spelled := id
				if i%2 == 1 {
					spelled = strings.ToUpper(id)
				}
				requests = append(requests, check.Request{
					Do: "POST /signup", Body: check.JSON{"id": spelled, "password": password, "name": "Ann"},
				})
			}
			check.Equal(t, "sign-ups", tally(t.Together(requests), http.StatusCreated, http.StatusConflict), 1)
		})
	for _, kind := range []string{"post", "comment"} {
		all.add("race/reactions to a "+kind, counters, func(t *check.T) {
			users := []*check.User{t.Borrow(), t.Borrow(), t.Borrow(), t.Borrow()}
			thing := newThing(t, users[0], kind)
			for round := range 3 {
				var requests []check.Request
				for i, u := range users {
					do, body := "PUT ", any(check.JSON{"type": 1 + (i+round)%5})
					if (i+round)%4 == 3 {
						do, body = "DELETE ", nil
					}
					requests = append(requests, check.Request{Do: do + thing + "/reaction", As: u, Body: body},
						check.Request{Do: "PUT " + thing + "/reaction", As: u, Body: check.JSON{"type": 5}})
				}
				for _, r := range t.Together(requests) {
					if strings.HasPrefix(r.Request().Do, http.MethodPut) {
						wantOneOf(r, http.StatusCreated, http.StatusOK)
					} else {
						wantOneOf(r, http.StatusNoContent, http.StatusNotFound)
					}
				}
				countsReactions(t, thing)
			}
		})
		all.add("race/one reaction to a "+kind, "A user has one reaction; the first PUT is 201, the others are 200.",
			func(t *check.T) {
				u := t.Borrow()
				thing := newThing(t, u, kind)
				r := check.Request{Do: "PUT " + thing + "/reaction", As: u, Body: check.JSON{"type": 2}}
				check.Equal(t, "created", tally(t.Together([]check.Request{r, r, r, r}), http.StatusCreated,
					http.StatusOK), 1)
				get(t, nil, thing).Has("reactions.2", 1)
				d := check.Request{Do: "DELETE " + thing + "/reaction", As: u}
				removed := tally(t.Together([]check.Request{d, d, d}), http.StatusNoContent, http.StatusNotFound)
				check.Equal(t, "canceled", removed, 1)
				get(t, nil, thing).Has("reactions.2", 0)
			})
		all.add("race/deletions of a "+kind, "Of several deletions one is 204; the others are 404.", func(t *check.T) {
			u := t.Borrow()
			d := check.Request{Do: "DELETE " + newThing(t, u, kind), As: u}
			check.Equal(t, "deleted", tally(t.Together([]check.Request{d, d, d}), http.StatusNoContent,
				http.StatusNotFound), 1)
		})
	}
	return append(all, otherRaceCases()...)
}

// otherRaceCases are those that are not about reactions and deletions.
func otherRaceCases() []check.Case {
	var all list
	all.add("race/comments", counters, func(t *check.T) {
		u, eve := t.NewUser(), t.Borrow()
		post := newPost(t, u, "x")
		first := newComment(t, eve, post, "0")
		var requests []check.Request
		for i := range 6 {
			requests = append(requests,
				check.Request{Do: "POST " + post + "/comment", As: eve, Body: check.JSON{"content": itoa(i)}})
		}
		responses := t.Together(append(requests, check.Request{Do: "DELETE " + first, As: eve}))
		for _, r := range responses[:len(requests)] {
			r.Want(http.StatusCreated)
		}
		responses[len(requests)].Want(http.StatusNoContent)
		check.Equal(t, "comments", size(get(t, nil, post+"/comment?size=100")), 6)
		get(t, nil, post).Has("comment_count", 6)
		unread(t, u, 6)
	})
	all.add("race/reading notifications", "Each notification is counted once as newly read.", func(t *check.T) {
		u, _ := notified(t, 4)
		r := check.Request{Do: "POST /notification/read", As: u}
		var sum int64
		for _, response := range t.Together([]check.Request{r, r, r}) {
			sum += response.Want(http.StatusOK).Int("count")
		}
		check.Equal(t, "newly read", sum, 4)
		unread(t, u, 0)
	})
	all.add("race/password changes", "Of several changes with one current password, one succeeds.", func(t *check.T) {
		u := t.NewUser()
		other := another(t, u)
		change := func(as *check.User, changed string) check.Request {
			return check.Request{Do: "PATCH /user/password", As: as, Body: check.JSON{"password": password,
				"new_password": changed}}
		}
		won := 0
		for _, r := range t.Together([]check.Request{change(u, newPassword), change(other, "yet another one")}) {
			if r.Status == http.StatusNoContent {
				won++
			} else if r.Status != http.StatusForbidden {
				r.Want(http.StatusUnauthorized)
			}
		}
		check.Equal(t, "changes", won, 1)
		tryAuth(t, u.ID, password).Want(http.StatusUnauthorized)
	})
	return all
}

// countsReactions compares a thing's counters with its list of reactions.
func countsReactions(t *check.T, thing string) {
	counted := get(t, nil, thing)
	listed := get(t, nil, thing+"/reaction?size=100").Is(pageOf(reactionShape))
	want := check.JSON{"1": 0, "2": 0, "3": 0, "4": 0, "5": 0}
	users := map[string]bool{}
	for i := range size(listed) {
		kind := itoa(listed.Int("items." + itoa(i) + ".type"))
		n, _ := want[kind].(int)
		want[kind] = n + 1
		users[listed.Text("items."+itoa(i)+".user.id")] = true
	}
	check.Equal(t, "reactions of each user", len(users), size(listed))
	counted.Has("reactions", want)
}
