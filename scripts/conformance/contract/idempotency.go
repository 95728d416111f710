package contract

import (
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

// creator returns a function that returns a request which creates a post or a comment.
func creator(kind string) func(t *check.T, u *check.User, content, idempotencyKey string) check.Request {
	return func(t *check.T, u *check.User, content, idempotencyKey string) check.Request {
		r := check.Request{Do: "POST /post", As: u, Body: check.JSON{"content": content}, Header: key(idempotencyKey)}
		if kind == "comment" {
			r.Do = "POST " + newPost(t, u, "x") + "/comment"
		}
		return r
	}
}

// idempotencyCases check Idempotency-Key on the two routes that take it.
func idempotencyCases() []check.Case {
	var all list
	for _, kind := range []string{"post", "comment"} {
		create, name := creator(kind), "idempotency/"+kind
		all.add(name+": again", "The same key and body get the first answer again, with Idempotent-Replayed: true.",
			func(t *check.T) {
				u := t.NewUser()
				r := create(t, u, "once", t.NewID())
				first := t.Send(r).Want(http.StatusCreated).WithHeader("Idempotent-Replayed", "")
				for range 2 {
					again := t.Send(r).Want(http.StatusCreated).Equals(first).WithHeader("Idempotent-Replayed", "true")
					again.WithHeader("Location", first.Header.Get("Location"))
				}
				countThings(t, u, r, 1)
			})
		all.add(name+": as it was", "The first answer is repeated as it was, whatever happened since.",
			func(t *check.T) {
				u := t.Borrow()
				r := create(t, u, "once", t.NewID())
				first := t.Send(r).Want(http.StatusCreated)
				change(t, u, first.Header.Get("Location"), check.JSON{"content": "changed"}).Want(http.StatusOK)
				t.Send(r).Want(http.StatusCreated).Equals(first)
				remove(t, u, first.Header.Get("Location"))
				t.Send(r).Want(http.StatusCreated).Equals(first)
			})
		all.add(name+": another body", "A key used again with another body is 422, and stores nothing.",
			func(t *check.T) {
				u := t.NewUser()
				r := create(t, u, "once", t.NewID())
				first := t.Send(r).Want(http.StatusCreated)
				for _, body := range []any{check.JSON{"content": "twice"}, `{"content": "once"}`,
					`{"content":"once"} `} {
					other := r
					other.Body = body
					t.Send(other).Want(http.StatusUnprocessableEntity)
				}
				t.Send(r).Want(http.StatusCreated).Equals(first)
				countThings(t, u, r, 1)
			})
		all.add(name+": another user", "Keys are kept per user.", func(t *check.T) {
			u, eve := t.Borrow(), t.Borrow()
			r := create(t, u, "once", t.NewID())
			first := t.Send(r).Want(http.StatusCreated)
			r.As = eve
			second := t.Send(r).Want(http.StatusCreated).WithHeader("Idempotent-Replayed", "")
			if second.Int("id") == first.Int("id") {
				second.Failf("another item", "the same")
			}
		})
		all.add(name+": another key", "Another key creates another item.", func(t *check.T) {
			u := t.Borrow()
			r := create(t, u, "once", t.NewID())
			first := t.Send(r).Want(http.StatusCreated)
			r.Header = key(strings.ToLower(strings.TrimPrefix(r.Header[0], "Idempotency-Key: ")))
			if second := t.Send(r).Want(http.StatusCreated); second.Int("id") == first.Int("id") {
				second.Failf("another item: keys are compared to the letter", "the same")
			}
		})
	}
	return append(all, otherKeyCases()...)
}

// otherKeyCases send no key, ill-formed ones, and one key several times at once.
func otherKeyCases() []check.Case {
	var all list
	for _, kind := range []string{"post", "comment"} {
		create, name := creator(kind), "idempotency/"+kind
		all.add(name+": no key", "Without a key each request creates an item.", func(t *check.T) {
			u := t.NewUser()
			r := create(t, u, "twice", "x")
			r.Header = nil
			t.Send(r).Want(http.StatusCreated)
			t.Send(r).Want(http.StatusCreated).WithHeader("Idempotent-Replayed", "")
			countThings(t, u, r, 2)
		})
		all.add(name+": failures", "A key is kept for successes only.", func(t *check.T) {
			u := t.Borrow()
			r := create(t, u, "", t.NewID())
			t.Send(r).Want(http.StatusBadRequest)
			r.Body = check.JSON{"content": "once"}
			t.Send(r).Want(http.StatusCreated).WithHeader("Idempotent-Replayed", "")
		})
		all.add(name+": ill-formed", "A key is 1 to 255 visible ASCII characters, else 400.", func(t *check.T) {
			u := t.Borrow()
			for _, bad := range []string{"", strings.Repeat("x", 256), "a b", "한글", "a\tb", "é"} {
				t.Send(create(t, u, "x", bad)).Want(http.StatusBadRequest).Hints("Idempotency-Key")
			}
			good := "!~\"" + t.NewID()
			for _, good := range []string{good, strings.Repeat("x", 255-len(good)) + good} {
				t.Send(create(t, u, "x", good)).Want(http.StatusCreated)
			}
		})
		all.add(name+": together", "A second request that arrives while the first is under way waits for it.",
			func(t *check.T) {
				u := t.NewUser()
				r := create(t, u, "once", t.NewID())
				replayed := 0
				responses := t.Together([]check.Request{r, r, r, r, r, r})
				for _, response := range responses {
					response.Want(http.StatusCreated).Equals(responses[0])
					if response.Header.Get("Idempotent-Replayed") == "true" {
						replayed++
					}
				}
				check.Equal(t, "replayed", replayed, 5)
				countThings(t, u, r, 1)
			})
	}
	all.add("idempotency/another path", "Keys are kept per path.", func(t *check.T) {
		u := t.Borrow()
		header := key(t.NewID())
		ids := map[int64]bool{}
		for _, post := range []string{newPost(t, u, "1"), newPost(t, u, "2")} {
			r := t.Send(check.Request{
				Do: "POST " + post + "/comment", As: u, Body: check.JSON{"content": "x"}, Header: header,
			}).Want(http.StatusCreated).WithHeader("Idempotent-Replayed", "")
			ids[r.Int("id")] = true
		}
		t.Send(check.Request{Do: "POST /post", As: u, Body: check.JSON{"content": "x"}, Header: header}).
			Want(http.StatusCreated).WithHeader("Idempotent-Replayed", "")
		check.Equal(t, "comments", len(ids), 2)
	})
	return all
}

// countThings checks how many items the requests of a new user have created.
func countThings(t *check.T, u *check.User, r check.Request, n int) {
	path := "/timeline"
	if strings.HasSuffix(r.Do, "/comment") {
		path = strings.TrimPrefix(r.Do, "POST ")
	}
	check.Equal(t, "items", size(get(t, u, path)), n)
}
