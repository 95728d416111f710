package contract

import (
	"net/http"

	"minifb/scripts/conformance/check"
)

// profileCases check PATCH /user/nickname, /user/intro and /user/email.
func profileCases() []check.Case {
	var all list
	for _, name := range []string{"nickname", "intro"} {
		all.add(name+"/set and removed", "PATCH /user/"+name+" is 200 with Me, and null removes it.", func(t *check.T) {
			u := t.Borrow()
			for _, value := range []any{"하나", "둘 two", nil} {
				r := change(t, u, "/user/"+name, check.JSON{name: value}).Want(http.StatusOK).Is(meShape).
					Has(name, value).Has("id", u.ID)
				get(t, u, "/user").Equals(r)
				get(t, nil, "/user/"+u.ID).Has(name, value)
			}
		})
		all.add(name+"/nothing else", "PATCH /user/"+name+" changes nothing else.", func(t *check.T) {
			u := t.NewUser()
			before := get(t, u, "/user")
			r := change(t, u, "/user/"+name, check.JSON{name: "x"}).Want(http.StatusOK)
			for _, other := range []string{"id", "name", "nickname", "intro", "email", "role", "created_at"} {
				if other != name {
					r.Has(other, before.Get(other))
				}
			}
		})
		all.add(name+"/must be sent", "What is to be removed is sent as null.", func(t *check.T) {
			change(t, t.Borrow(), "/user/"+name, check.JSON{}).Want(http.StatusBadRequest).Hints(name)
		})
	}
	all.add("nickname/shown with what one made", "Owners and actors are shown with their nickname.", func(t *check.T) {
		u, eve := t.NewUser(), t.Borrow()
		post := newPost(t, u, "x")
		comment := newComment(t, u, newPost(t, eve, "y"), "z")
		react(t, u, post, 1)
		change(t, u, "/user/nickname", check.JSON{"nickname": "new"}).Want(http.StatusOK)
		get(t, nil, post).Has("owner", check.JSON{"id": u.ID, "name": u.Name, "nickname": "new"})
		get(t, nil, comment).Has("owner.nickname", "new")
		get(t, nil, "/timeline/"+u.ID).Has("items.0.owner.nickname", "new")
		get(t, nil, post+"/reaction").Has("items.0.user.nickname", "new")
		get(t, eve, "/notification").Has("items.0.actor.nickname", "new")
	})
	all.add("email/set and removed", "PATCH /user/email is 200 with Me; email is shown to its owner only.",
		func(t *check.T) {
			u := t.Borrow()
			for _, value := range []any{"ann@example.org", nil} {
				change(t, u, "/user/email", check.JSON{"email": value, "password": password}).Want(http.StatusOK).
					Is(meShape).Has("email", value)
				get(t, u, "/user").Has("email", value)
				get(t, t.Borrow(), "/user/"+u.ID).Is(userShape)
			}
		})
	all.add("email/wrong password", "A wrong current password is 403, and changes nothing.", func(t *check.T) {
		u := t.NewUser()
		change(t, u, "/user/email", check.JSON{"email": "eve@example.org", "password": "another password"}).
			Want(http.StatusForbidden)
		get(t, u, "/user").Has("email", nil)
	})
	all.add("email/what must be sent", "email and password must be sent.", func(t *check.T) {
		u := t.Borrow()
		change(t, u, "/user/email", check.JSON{"email": nil}).Want(http.StatusBadRequest).Hints("password", "10", "100")
		change(t, u, "/user/email", check.JSON{"password": password}).Want(http.StatusBadRequest).Hints("email")
	})
	all.add("email/several users", "Several accounts may have one email.", func(t *check.T) {
		for _, u := range []*check.User{t.Borrow(), t.Borrow()} {
			change(t, u, "/user/email", check.JSON{"email": "both@example.org", "password": password}).
				Want(http.StatusOK)
			change(t, u, "/user/email", check.JSON{"email": nil, "password": password}).Want(http.StatusOK)
		}
	})
	return all
}
