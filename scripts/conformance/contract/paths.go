package contract

import (
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

// pathCases send paths that no route has, and ids that nothing can have.
func pathCases() []check.Case {
	var all list
	for _, path := range []string{
		"/nowhere", "/Post", "/POST", "/posts", "/post;x=1", "/post/1/nowhere", "/post/1/comment/1", "/user/a/b",
		"/backoffice/nowhere", "/backoffice/stat", "/check", "/check/id", "/notification/1/read", "/p%6Fst/1/x",
		"/%E1%84%92", "/post%2F1", "/.well-known", "/healthz/x", "/comment", "/refresh/1",
	} {
		all.add("path/"+path, "A path that no route has is 404.", func(t *check.T) {
			t.Send(check.Request{Do: "GET " + path}).Want(http.StatusNotFound)
		})
	}
	for i, r := range routes {
		seen := false
		for _, before := range routes[:i] {
			seen = seen || before.path == r.path
		}
		if !seen && r.path != "/" {
			all.add("path/"+r.path+"/: a trailing slash", "A trailing slash is another route: 404.", func(t *check.T) {
				t.Send(check.Request{Do: r.to("1") + "/", As: t.Borrow()}).Want(http.StatusNotFound)
			})
		}
		if strings.Contains(r.path, "{id}") && r.access != administrator {
			all.add("path/"+r.String()+": no such id", notAnID, func(t *check.T) { refusesIDs(t, r) })
		}
	}
	return all
}

const notAnID = "Ids are positive 64-bit integers; a path id that is none, or that nothing has, is 404."

func refusesIDs(t *check.T, r route) {
	ids := []string{missing, "0", "-1", "1.5", "9223372036854775808", "99999999999999999999999", "x", "1x", "%31x",
		"%EF%BC%91", "null", "%20", "%FF", "01", "%2B1"}
	switch {
	case strings.HasPrefix(r.path, "/check/"):
		refusesIllFormedIDs(t, r)
		return
	case strings.HasPrefix(r.path, "/user/") || strings.HasPrefix(r.path, "/timeline/"):
		ids = []string{t.NewID(), "x", "%20", "%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C", strings.Repeat("x", 51),
			"%FF%FF%FF%FF"}
	case strings.HasPrefix(r.path, "/session/"):
		ids = []string{"00000000-0000-4000-8000-000000000000", "x", "1", "CURRENT", "%20", strings.Repeat("a", 300)}
	}
	for _, id := range ids {
		request := check.Request{Do: r.to(id), As: t.Borrow()}
		if r.body != "" {
			request.Body = r.body
		}
		t.Send(request).Want(http.StatusNotFound)
	}
}

func refusesIllFormedIDs(t *check.T, r route) {
	t.Rule("What is no valid ID is 400.")
	for _, id := range []string{"abc", strings.Repeat("x", 51), "a%20bc", "%ED%95%9C%ED%95%9C%ED%95%9C%ED%95%9C",
		"abc%2Fd"} {
		t.Send(check.Request{Do: r.to(id)}).Want(http.StatusBadRequest)
	}
}
