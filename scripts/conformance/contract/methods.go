package contract

import (
	"net/http"
	"slices"
	"strings"

	"minifb/scripts/conformance/check"
)

// methodCases send methods that a path does not have, and HEAD.
func methodCases() []check.Case {
	var all list
	for i, r := range routes {
		if !slices.ContainsFunc(routes[:i], func(before route) bool { return before.path == r.path }) {
			all.add("method/"+r.path+": others", "A method that the path does not have is 405 with Allow.",
				func(t *check.T) { refusesOtherMethods(t, r.path) })
		}
		if r.method == http.MethodGet {
			all.add("method/HEAD "+r.path, "HEAD is answered as GET, without a body.",
				func(t *check.T) { headIsGet(t, r) })
		}
	}
	return all
}

func refusesOtherMethods(t *check.T, path string) {
	allowed := methodsOf(path)
	target := strings.Replace(path, "{id}", missing, 1)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "BREW", "OPTIONS"} {
		if slices.Contains(allowed, method) {
			continue
		}
		r := t.Send(check.Request{Do: method + " " + target}).Want(http.StatusMethodNotAllowed)
		var got []string
		for name := range strings.SplitSeq(strings.Join(r.Header.Values("Allow"), ","), ",") {
			if name = strings.TrimSpace(name); name != http.MethodOptions {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		want := slices.Sorted(slices.Values(allowed))
		if !slices.Equal(got, want) {
			r.Failf("Allow: "+strings.Join(want, ", "), "Allow: %s", r.Header.Get("Allow"))
		}
	}
}

// headIsGet compares the responses to HEAD and GET of the same path.
func headIsGet(t *check.T, r route) {
	owner := t.Borrow()
	target := map[string]string{
		"/check/id/{id}": "/check/id/" + t.NewID(), "/user/{id}": "/user/" + owner.ID,
		"/timeline/{id}": "/timeline/" + owner.ID,
	}[r.path]
	switch {
	case target != "":
	case strings.HasPrefix(r.path, "/post/{id}"):
		target = newPost(t, owner, "x") + strings.TrimPrefix(r.path, "/post/{id}")
	case strings.HasPrefix(r.path, "/comment/{id}"):
		target = newThing(t, owner, "comment") + strings.TrimPrefix(r.path, "/comment/{id}")
	default:
		target = r.path
	}
	want := http.StatusOK
	if r.access == administrator {
		want = http.StatusForbidden
	}
	get := t.Send(check.Request{Do: "GET " + target, As: owner}).Want(want)
	head := t.Send(check.Request{Do: "HEAD " + target, As: owner}).Want(want)
	for _, name := range []string{"Content-Type", "ETag", "Cache-Control", "Vary"} {
		head.WithHeader(name, strings.Join(get.Header.Values(name), ", "))
	}
}
