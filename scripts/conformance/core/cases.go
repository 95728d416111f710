package core

import (
	"fmt"
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

const password = "correct horse"

// A kit makes cases for an implementation with these names.
type kit struct {
	*Names
	all []check.Case
}

// Cases returns the cases for an implementation with these names, and those that are left out because
// it has no such route.
func Cases(n *Names) (cases, left []check.Case) {
	k := &kit{Names: n}
	k.account()
	k.lengths()
	k.posts()
	k.comments()
	k.reactions()
	k.notifications()
	k.pages()
	k.statistics()
	for _, c := range k.all {
		if c.Run == nil {
			left = append(left, c)
		} else {
			cases = append(cases, c)
		}
	}
	return cases, left
}

// add adds a case that needs these routes.
func (k *kit) add(name, rule, routes string, run func(*check.T)) {
	for route := range strings.FieldsSeq("sign_up sign_in " + routes) {
		if k.Routes[route] == "" {
			run = nil
		}
	}
	k.all = append(k.all, check.Case{Name: name, Rule: rule, Run: run})
}

// Options returns how users are made, and what every response is checked for.
func Options(n *Names) check.Options {
	k := &kit{Names: n}
	return check.Options{
		SignUp: func(t *check.T, id string) *check.User {
			u := &check.User{ID: id, Password: password, Name: "Ann 앤"}
			r := t.Try(k.request("sign_up", nil, values{"user_id": id, "password": password, "name": u.Name}))
			if r.Status == http.StatusTooManyRequests {
				t.Limited()
			}
			succeeds(r)
			return u
		},
		SignIn: func(t *check.T, u *check.User) {
			r := t.Send(k.request("sign_in", nil, values{"user_id": u.ID, "password": u.Password}))
			u.Access = succeeds(r).Text(n.Token.Member)
		},
		Always: func(r *check.Response) {
			if r.Status >= http.StatusBadRequest && !strings.HasPrefix(r.Request().Do, http.MethodHead) {
				r.Rule(`Every error is {"result", "hint"}: the status text, and what is wrong.`)
				r.Is(check.AtLeast(map[string]check.Shape{"result": check.Text("."), "hint": check.Text(`\S`)}))
				r.NamesItsStatus()
			}
		},
	}
}

// send sends the request of a route.
func (k *kit) send(t *check.T, route string, u *check.User, v values) *check.Response {
	return t.Send(k.request(route, u, v))
}

// do sends the request of a route, which succeeds.
func (k *kit) do(t *check.T, route string, u *check.User, v values) *check.Response {
	return succeeds(k.send(t, route, u, v))
}

func succeeds(r *check.Response) *check.Response {
	if r.Status < 200 || r.Status > 299 {
		r.Failf("a success", "status %d", r.Status)
	}
	return r
}

// refused checks that a response is an error that the client has made.
func refused(r *check.Response) {
	if r.Status < 400 || r.Status > 499 {
		r.Failf("an error of the client", "status %d", r.Status)
	}
}

// forbidden checks for 403, with the words of the specification.
func forbidden(r *check.Response) {
	r.Want(http.StatusForbidden).Has("result", "Forbidden")
	r.Hints(r.Request().Do)
}

// items returns the items of a list.
func (k *kit) items(r *check.Response) []any {
	value := r.JSON()
	if k.Lists.Items != "" {
		value = r.Get(k.Lists.Items)
	}
	items, ok := value.([]any)
	if !ok {
		r.Failf("a list", "%v", value)
	}
	return items
}

// at returns the value of a member of an item, by the names of names.json.
func (k *kit) at(r *check.Response, item any, name string) any {
	value := item
	for part := range strings.SplitSeq(k.Members[name], ".") {
		object, _ := value.(map[string]any)
		var ok bool
		if value, ok = object[part]; !ok {
			r.Failf("a member "+k.Members[name], "%v", item)
		}
	}
	return value
}

// ids returns the ids of the items of a list.
func (k *kit) ids(r *check.Response) (ids []string) {
	for _, item := range k.items(r) {
		ids = append(ids, fmt.Sprint(k.at(r, item, "id")))
	}
	return ids
}

// newPost creates a post and returns its id.
func (k *kit) newPost(t *check.T, u *check.User, content string) string {
	return fmt.Sprint(k.do(t, "create_post", u, values{"content": content}).Get(k.Members["id"]))
}

// newComment adds a comment and returns its id.
func (k *kit) newComment(t *check.T, u *check.User, post, content string) string {
	return fmt.Sprint(k.do(t, "add_comment", u, values{"id": post, "content": content}).Get(k.Members["id"]))
}
