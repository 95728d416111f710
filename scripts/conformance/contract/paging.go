package contract

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"minifb/scripts/conformance/check"
)

// A listing is a list of five items that a case makes and that nobody else changes.
type listing struct {
	name  string
	shape check.Shape
	key   string // the member that tells items apart
	// fill makes n items and returns who reads the list, and its path. add makes another item.
	fill func(t *check.T, n int) (reader *check.User, path string, add func(), removeAt func(*check.Response))
}

var listings = []listing{
	{"GET /timeline", postShape, "id", func(t *check.T, n int) (*check.User, string, func(), func(*check.Response)) {
		u := t.NewUser()
		return fillPosts(t, u, n, "/timeline")
	}},
	{"GET /timeline/{id}", postShape, "id", func(t *check.T, n int) (*check.User, string, func(),
		func(*check.Response)) {
		u := t.NewUser()
		return fillPosts(t, u, n, "/timeline/"+u.ID)
	}},
	{"GET /post/{id}/comment", commentShape, "id",
		func(t *check.T, n int) (*check.User, string, func(), func(*check.Response)) {
			u := t.Borrow()
			post := newPost(t, u, "x")
			add := func() { newComment(t, u, post, "y") }
			for range n {
				add()
			}
			return u, post + "/comment", add,
				func(r *check.Response) { remove(t, u, "/comment/"+itoa(r.Int("items.0.id"))) }
		}},
	{"GET /post/{id}/reaction", reactionShape, "user.id",
		func(t *check.T, n int) (*check.User, string, func(), func(*check.Response)) {
			return fillReactions(t, "post", n)
		}},
	{"GET /comment/{id}/reaction", reactionShape, "user.id",
		func(t *check.T, n int) (*check.User, string, func(), func(*check.Response)) {
			return fillReactions(t, "comment", n)
		}},
	{"GET /notification", notificationShape, "id",
		func(t *check.T, n int) (*check.User, string, func(), func(*check.Response)) {
			u, eve := t.NewUser(), t.Borrow()
			post := newPost(t, u, "x")
			add := func() { newComment(t, eve, post, "y") }
			for range n {
				add()
			}
			return u, "/notification", add, func(r *check.Response) {
				remove(t, eve, "/comment/"+itoa(r.Int("items.0.comment_id")))
			}
		}},
	{"GET /session", sessionShape, "id", func(t *check.T, n int) (*check.User, string, func(), func(*check.Response)) {
		u := t.NewUser()
		add := func() { another(t, u) }
		for range n - 1 {
			add()
		}
		return u, "/session", add, func(r *check.Response) { remove(t, u, "/session/"+r.Text("items.0.id")) }
	}},
}

func fillPosts(t *check.T, u *check.User, n int, path string) (*check.User, string, func(), func(*check.Response)) {
	add := func() { newPost(t, u, "x") }
	for range n {
		add()
	}
	return u, path, add, func(r *check.Response) { remove(t, u, "/post/"+itoa(r.Int("items.0.id"))) }
}

func fillReactions(t *check.T, kind string, n int) (*check.User, string, func(), func(*check.Response)) {
	u := t.Borrow()
	thing := newThing(t, u, kind)
	users := map[string]*check.User{}
	add := func() {
		other := t.Borrow()
		users[other.ID] = other
		react(t, other, thing, 1).Want(http.StatusCreated)
	}
	for range n {
		add()
	}
	return u, thing + "/reaction", add, func(r *check.Response) {
		unreact(t, users[r.Text("items.0.user.id")], thing).Want(http.StatusNoContent)
	}
}

// follow reads all pages from a path on, and returns the keys of their items.
func (l listing) follow(t *check.T, reader *check.User, path string, each int) (keys []string) {
	for range 50 {
		r := get(t, reader, path).Is(pageOf(l.shape))
		n := size(r)
		for i := range n {
			keys = append(keys, fmt.Sprint(r.Get("items."+itoa(i)+"."+l.key)))
		}
		if r.Get("next") == nil {
			return keys
		}
		if n != each {
			r.Failf(itoa(each)+" items on a page that is not the last", "%d", n)
		}
		path = r.Text("next")
	}
	t.Failf("an end of the list", "50 pages")
	return nil
}

func distinct(t *check.T, keys []string, n int) {
	seen := map[string]bool{}
	for _, key := range keys {
		if seen[key] {
			t.Failf("each item once", "%s twice", key)
		}
		seen[key] = true
	}
	check.Equal(t, "items", len(seen), n)
}

// pagingCases check pages of lists that do not change, and bad parameters.
func pagingCases() []check.Case {
	var all list
	const pages = `Lists are {"items", "next"}; next is a path or null. size is 1 to 100, by default 20.`
	for _, l := range listings {
		all.add("page/"+l.name+": all pages", pages, func(t *check.T) {
			reader, path, _, _ := l.fill(t, 5)
			whole := l.follow(t, reader, path+"?size=100", 100)
			distinct(t, whole, 5)
			for _, each := range []int{1, 2, 5} {
				keys := l.follow(t, reader, path+"?size="+itoa(each), each)
				if got, want := strings.Join(keys, " "), strings.Join(whole, " "); got != want {
					t.Failf("the items in the order "+want, "%s", got)
				}
			}
			r := get(t, reader, path+"?size=2")
			query, err := url.Parse(r.Text("next"))
			if err != nil || query.Path != path || query.Query().Get("size") != "2" || query.Query().
				Get("cursor") == "" {
				r.Failf("next: "+path+"?cursor=…&size=2", "%s", r.Text("next"))
			}
			get(t, reader, path+"?size=5").Has("next", nil)
		})
	}
	for _, l := range listings {
		if l.key != "id" || l.name == "GET /session" {
			continue // 21 of these need as many users, or sign-ins
		}
		all.add("page/"+l.name+": by default", pages, func(t *check.T) {
			reader, path, _, _ := l.fill(t, 21)
			r := get(t, reader, path)
			check.Equal(t, "items", size(r), 20)
			last := get(t, reader, r.Text("next")).Has("next", nil)
			check.Equal(t, "items", size(last), 1)
			check.Equal(t, "items", size(get(t, reader, path+"?size=21")), 21)
		})
	}
	for _, r := range routes {
		if !isList(r) {
			continue
		}
		all = append(all, check.Case{
			Name: "page/" + r.String() + ": a bad size", Rule: "A size that is not from 1 to 100 is 400.",
			Admin: r.access == administrator, Run: func(t *check.T) {
				reader, path := listOf(t, r)
				for _, bad := range []string{"0", "101", "-1", "x", "", "1.5", "1e1", "%2B1", "9223372036854775808",
					"1&size=2", "%201"} {
					t.Send(check.Request{Do: "GET " + path + "?size=" + bad, As: reader}).Want(http.StatusBadRequest).
						Hints("size", "1", "100")
				}
				for _, good := range []string{"1", "100"} {
					get(t, reader, path+"?size="+good)
				}
			},
		}, check.Case{
			Name: "page/" + r.String() + ": a bad cursor", Rule: "A bad cursor, also one of another list, is 400.",
			Admin: r.access == administrator, Run: func(t *check.T) {
				reader, path := listOf(t, r)
				other := newPost(t, t.Borrow(), "x") + "/comment"
				for range 2 {
					newComment(t, t.Borrow(), strings.TrimSuffix(other, "/comment"), "y")
				}
				_, foreign, _ := strings.Cut(get(t, nil, other+"?size=1").Text("next"), "?")
				for _, bad := range []string{"cursor=", "cursor=x", "cursor=AAAA", "cursor=%FF", "cursor=1", foreign} {
					t.Send(check.Request{Do: "GET " + path + "?" + bad, As: reader}).Want(http.StatusBadRequest).
						Hints("cursor")
				}
			},
		})
	}
	return all
}

func isList(r route) bool {
	switch strings.TrimPrefix(r.String(), "GET ") {
	case "/session", "/post", "/timeline", "/timeline/{id}", "/post/{id}/comment", "/post/{id}/reaction",
		"/comment/{id}/reaction", "/notification", "/backoffice/temporary-password":
		return true
	}
	return false
}

// listOf returns who reads a list, and the path of one that exists.
func listOf(t *check.T, r route) (reader *check.User, path string) {
	u := t.Borrow()
	if r.access == administrator {
		return t.Admin(), r.path
	}
	switch {
	case strings.HasPrefix(r.path, "/post/{id}"):
		return u, newPost(t, u, "x") + strings.TrimPrefix(r.path, "/post/{id}")
	case strings.HasPrefix(r.path, "/comment/{id}"):
		return u, newThing(t, u, "comment") + strings.TrimPrefix(r.path, "/comment/{id}")
	}
	return u, strings.Replace(r.path, "{id}", u.ID, 1)
}
