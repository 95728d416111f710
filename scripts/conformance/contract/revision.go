package contract

import (
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

// revisionCases check ETag and If-Match of posts and comments.
func revisionCases() []check.Case {
	var all list
	for _, kind := range []string{"post", "comment"} {
		name := "revision/" + kind
		all.add(name+": ETag", "ETag names the content's revision, not its counters.", func(t *check.T) {
			u := t.Borrow()
			path := newThing(t, u, kind)
			first := tag(get(t, nil, path))
			react(t, u, path, 1).Want(http.StatusCreated)
			if kind == "post" {
				newComment(t, u, path, "x")
			}
			check.Equal(t, "ETag", tag(get(t, u, path)), first)
			change(t, u, path, check.JSON{"content": "y"}).Want(http.StatusOK)
			if second := tag(get(t, nil, path)); second == first {
				t.Failf("another ETag after an edit", "the same")
			}
		})
		all.add(name+": matches", "PATCH and DELETE honour If-Match.", func(t *check.T) {
			u := t.Borrow()
			path := newThing(t, u, kind)
			for i, condition := range []func(tag string) string{
				func(tag string) string { return tag },
				func(string) string { return "*" },
				func(tag string) string { return `"none", ` + tag },
			} {
				header := []string{"If-Match: " + condition(tag(get(t, nil, path)))}
				t.Send(check.Request{Do: "PATCH " + path, As: u, Body: check.JSON{"content": itoa(i)}, Header: header}).
					Want(http.StatusOK).Has("content", itoa(i))
			}
			header := []string{"If-Match: " + tag(get(t, nil, path))}
			t.Send(check.Request{Do: "DELETE " + path, As: u, Header: header}).Want(http.StatusNoContent)
			isMissing(t, nil, path)
		})
		all.add(name+": does not match", "Where If-Match does not match: 412, and nothing changes.", func(t *check.T) {
			u := t.Borrow()
			path := newThing(t, u, kind)
			old := tag(get(t, nil, path))
			change(t, u, path, check.JSON{"content": "new"}).Want(http.StatusOK)
			now := tag(get(t, nil, path))
			for _, bad := range []string{old, `"none"`, "W/" + now, strings.Trim(now, `"`), "none"} {
				header := []string{"If-Match: " + bad}
				t.Send(check.Request{Do: "PATCH " + path, As: u, Body: check.JSON{"content": "lost"}, Header: header}).
					Want(http.StatusPreconditionFailed)
				t.Send(check.Request{Do: "DELETE " + path, As: u, Header: header}).Want(http.StatusPreconditionFailed)
			}
			get(t, nil, path).Has("content", "new")
		})
		all.add(name+": one of two edits", "Of two edits of one revision, one gets 412.", func(t *check.T) {
			u := t.Borrow()
			path := newThing(t, u, kind)
			header := []string{"If-Match: " + tag(get(t, nil, path))}
			var edits []check.Request
			for i := range 4 {
				edits = append(edits, check.Request{
					Do: "PATCH " + path, As: u, Body: check.JSON{"content": itoa(i)}, Header: header,
				})
			}
			won := 0
			for _, r := range t.Together(edits) {
				if r.Status == http.StatusOK {
					won++
				} else {
					r.Want(http.StatusPreconditionFailed)
				}
			}
			check.Equal(t, "edits that succeeded", won, 1)
		})
		all.add(name+": no 304", "There is no 304: If-None-Match changes nothing.", func(t *check.T) {
			path := newThing(t, t.Borrow(), kind)
			t.Send(check.Request{Do: "GET " + path, Header: []string{"If-None-Match: " + tag(get(t, nil, path))}}).
				Want(http.StatusOK)
		})
	}
	return all
}

// tag returns the ETag of a response.
func tag(r *check.Response) string {
	got := r.Header.Get("ETag")
	if len(got) < 3 || !strings.HasPrefix(got, `"`) || !strings.HasSuffix(got, `"`) {
		r.Failf("a strong ETag in quotes", "%s", got)
	}
	return got
}
