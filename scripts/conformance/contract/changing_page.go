package contract

import (
	"net/http"
	"net/url"
	"strings"

	"minifb/scripts/conformance/check"
)

const keyset = "Items added or removed meanwhile never make an item show twice or be skipped."

// changingPageCases check pages of lists that change meanwhile, and altered cursors.
func changingPageCases() []check.Case {
	var all list
	for _, l := range listings {
		all.add("page/"+l.name+": items are added", keyset, func(t *check.T) {
			reader, path, add, _ := l.fill(t, 4)
			first := get(t, reader, path+"?size=2")
			rest := l.follow(t, reader, first.Text("next"), 2)
			add()
			add()
			again := l.follow(t, reader, first.Text("next"), 2)
			check.Equal(t, "the second page and on", strings.Join(again, " "), strings.Join(rest, " "))
			check.Equal(t, "items", len(rest), 2)
		})
		all.add("page/"+l.name+": items are removed", keyset, func(t *check.T) {
			reader, path, _, removeFirst := l.fill(t, 5)
			first := get(t, reader, path+"?size=2")
			rest := l.follow(t, reader, first.Text("next"), 2)
			removeFirst(first)
			again := l.follow(t, reader, first.Text("next"), 2)
			check.Equal(t, "the second page and on", strings.Join(again, " "), strings.Join(rest, " "))
			check.Equal(t, "items", len(rest), 3)
		})
		all.add("page/"+l.name+": the last item of the page is removed", keyset, func(t *check.T) {
			reader, path, _, removeFirst := l.fill(t, 3)
			first := get(t, reader, path+"?size=1")
			rest := l.follow(t, reader, first.Text("next"), 1)
			removeFirst(first)
			again := l.follow(t, reader, first.Text("next"), 1)
			check.Equal(t, "the second page and on", strings.Join(again, " "), strings.Join(rest, " "))
			check.Equal(t, "items", len(rest), 2)
		})
		all.add("page/"+l.name+": an altered cursor", "A cursor altered in any character is 400.", func(t *check.T) {
			reader, path, _, _ := l.fill(t, 2)
			next, err := url.Parse(get(t, reader, path+"?size=1").Text("next"))
			if err != nil {
				t.Failf("a next that is a path", "%v", err)
			}
			cursor := next.Query().Get("cursor")
			for i := range len(cursor) {
				letter := "A"
				if cursor[i] == 'A' {
					letter = "B"
				}
				altered := cursor[:i] + letter + cursor[i+1:]
				t.Send(check.Request{Do: "GET " + path + "?size=1&cursor=" + url.QueryEscape(altered), As: reader}).
					Want(http.StatusBadRequest)
			}
			for _, altered := range []string{cursor + "A", cursor[1:], cursor[:len(cursor)-1], cursor + "="} {
				t.Send(check.Request{Do: "GET " + path + "?cursor=" + url.QueryEscape(altered), As: reader}).
					Want(http.StatusBadRequest)
			}
		})
	}
	return append(all, foreignCursorCases()...)
}

// withSize returns a path with this size.
func withSize(t *check.T, path string, size int) string {
	u, err := url.Parse(path)
	if err != nil {
		t.Failf("a path", "%v", err)
	}
	query := u.Query()
	query.Set("size", itoa(size))
	u.RawQuery = query.Encode()
	return u.String()
}

// foreignCursorCases check the feed, which all cases share, and cursors of other lists.
func foreignCursorCases() []check.Case {
	var all list
	all.add("page/GET /post: pages", "No item shows twice or is skipped.", func(t *check.T) {
		u := t.Borrow()
		mine := map[string]bool{}
		for range 6 {
			mine[strings.TrimPrefix(newPost(t, u, "x"), "/post/")] = true
		}
		seen := map[string]bool{}
		found := 0
		for path := "/post?size=2"; found < len(mine); {
			r := get(t, nil, path).Is(pageOf(postShape))
			check.Equal(t, "items", size(r), 2)
			for i := range 2 {
				id := itoa(r.Int("items." + itoa(i) + ".id"))
				if seen[id] {
					r.Failf("each post once", "%s twice", id)
				}
				seen[id] = true
				if mine[id] {
					found++
				}
			}
			if len(seen) > 400 || r.Get("next") == nil {
				r.Failf("the 6 posts that were just made", "%d of them", found)
			}
			path = r.Text("next")
		}
	})
	all.add("page/GET /post: items are added and removed", keyset, func(t *check.T) {
		u := t.Borrow()
		oldest, removed := newPost(t, u, "oldest"), newPost(t, u, "removed")
		newPost(t, u, "newer")
		first := get(t, nil, "/post?size=1")
		remove(t, u, removed)
		newest := newPost(t, u, "newest")
		for path := first.Text("next"); ; {
			r := get(t, nil, withSize(t, path, 100))
			for _, post := range []string{newest, removed} {
				isUnlisted(r, post)
			}
			if find(r, oldest) >= 0 {
				break
			}
			path = r.Text("next") // the oldest comes on some page
		}
	})
	all.add("page/GET /notification: a filter", "next keeps the list's other parameters.", func(t *check.T) {
		u, ids := notified(t, 3)
		change(t, u, "/notification/"+itoa(ids[1]), check.JSON{"read": true}).Want(http.StatusOK)
		r := get(t, u, "/notification?unread=true&size=1").Has("items.0.id", ids[0])
		r = get(t, u, r.Text("next")).Has("items.0.id", ids[2])
		r.Has("next", nil)
		next := get(t, u, "/notification?size=1").Text("next")
		t.Rule("A cursor of another list is a bad cursor.")
		t.Send(check.Request{Do: "GET " + next + "&unread=true", As: u}).Want(http.StatusBadRequest)
	})
	all.add("page/another user's cursor", "A cursor of another list is a bad cursor.", func(t *check.T) {
		u, eve := t.NewUser(), t.Borrow()
		newPost(t, u, "1")
		newPost(t, u, "2")
		next := get(t, u, "/timeline?size=1").Text("next")
		t.Send(check.Request{Do: "GET " + next, As: eve}).Want(http.StatusBadRequest)
		next = strings.Replace(get(t, u, "/timeline/"+u.ID+"?size=1").Text("next"), u.ID, eve.ID, 1)
		t.Send(check.Request{Do: "GET " + next, As: eve}).Want(http.StatusBadRequest)
	})
	return all
}
