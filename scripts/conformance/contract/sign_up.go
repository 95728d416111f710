package contract

import (
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

// signUpCases check POST /signup, GET /check/id/{id} and GET /user/{id}.
func signUpCases() []check.Case {
	var all list
	all.add("signup/the account", "POST /signup is 201 with Me, and Location: /user/{id}.", func(t *check.T) {
		id := t.NewID()
		r := t.Send(check.Request{Do: "POST /signup", Body: check.JSON{
			"id": id, "password": password, "name": "앤 안", "nickname": " n ", "intro": "two\nlines\t",
			"email": "a.b+c@example.org",
		}}).Want(http.StatusCreated).Is(meShape).WithHeader("Location", "/user/"+id)
		r.Has("id", id).Has("name", "앤 안").Has("nickname", " n ").Has("intro", "two\nlines\t").
			Has("email", "a.b+c@example.org").Has("role", "user")
		u := &check.User{ID: id, Password: password}
		t.SignIn(u)
		get(t, u, "/user").Equals(r)
	})
	all.add("signup/what may be left out", "nickname, intro and email may be left out or null.", func(t *check.T) {
		for _, more := range []check.JSON{{}, {"nickname": nil, "intro": nil, "email": nil}} {
			more["id"], more["password"], more["name"] = t.NewID(), password, "Ann"
			t.Send(check.Request{Do: "POST /signup", Body: more}).Want(http.StatusCreated).Is(meShape).
				Has("nickname", nil).Has("intro", nil).Has("email", nil).Has("role", "user")
		}
	})
	all.add("signup/what must be sent", "id, password and name must be sent; the hint names what is missing.",
		func(t *check.T) {
			for _, name := range []string{"id", "password", "name"} {
				body := check.JSON{"id": t.NewID(), "password": password, "name": "Ann"}
				delete(body, name)
				t.Send(check.Request{Do: "POST /signup", Body: body}).Want(http.StatusBadRequest).Hints(name)
				body[name] = nil
				t.Send(check.Request{Do: "POST /signup", Body: body}).Want(http.StatusBadRequest).Hints(name)
			}
		})
	all.add("signup/every field is named", "The hint names each field that breaks its rule.", func(t *check.T) {
		t.Send(check.Request{Do: "POST /signup", Body: check.JSON{
			"id": "x", "password": "x", "name": "x", "nickname": "", "intro": "", "email": "x",
		}}).Want(http.StatusBadRequest).Hints("id", "password", "name", "nickname", "intro", "email")
	})
	all.add("signup/role", "Nobody can make themselves an administrator.", func(t *check.T) {
		t.Send(check.Request{Do: "POST /signup", Body: check.JSON{
			"id": t.NewID(), "password": password, "name": "Ann", "role": "admin",
		}}).Want(http.StatusBadRequest)
	})
	all.add("signup/taken", "An ID that is taken is 409, whatever the case.", func(t *check.T) {
		id := t.Borrow().ID
		for _, taken := range []string{id, strings.ToUpper(id), strings.ToLower(id)} {
			t.Send(check.Request{Do: "POST /signup", Body: check.JSON{"id": taken, "password": password,
				"name": "Eve"}}).
				Want(http.StatusConflict)
			t.Send(check.Request{Do: "GET /check/id/" + taken}).Want(http.StatusConflict)
		}
		get(t, nil, "/user/"+id).Has("name", "Ann 앤")
	})
	all.add("signup/free", "GET /check/id/{id} is 200 {} for a free ID, and takes nothing.", func(t *check.T) {
		id := t.NewID()
		for range 2 {
			t.Send(check.Request{Do: "GET /check/id/" + id}).Want(http.StatusOK).Is(emptyShape)
		}
		t.Send(check.Request{Do: "GET /user/" + id}).Want(http.StatusNotFound)
	})
	return append(append(all, userCases()...), userIDCases()...)
}

// userCases check what is shown of a user.
func userCases() []check.Case {
	var all list
	all.add("user/public", "GET /user/{id} shows what is public, and neither email nor role.", func(t *check.T) {
		id := t.NewID()
		me := t.Send(check.Request{Do: "POST /signup", Body: check.JSON{
			"id": id, "password": password, "name": "앤 안", "intro": "hello", "email": "a@example.org",
		}}).Want(http.StatusCreated)
		for _, as := range []*check.User{nil, t.Borrow()} {
			r := get(t, as, "/user/"+id).Is(userShape).Has("id", id).Has("name", "앤 안").Has("intro", "hello").
				Has("nickname", nil)
			r.Has("created_at", me.Get("created_at"))
		}
	})
	all.add("user/any case", "An ID is found whatever the case, and shown as signed up.", func(t *check.T) {
		u := t.Borrow()
		for _, id := range []string{strings.ToUpper(u.ID), strings.ToLower(u.ID)} {
			get(t, nil, "/user/"+id).Has("id", u.ID)
			get(t, nil, "/timeline/"+id)
		}
	})
	all.add("user/me", "GET /user is Me, also beside one's public account.", func(t *check.T) {
		u := t.Borrow()
		get(t, u, "/user").Is(meShape).Has("id", u.ID).Has("role", "user")
		get(t, u, "/user/"+u.ID).Is(userShape)
	})
	return all
}

// userIDCases sign up with IDs at the borders of the rule.
func userIDCases() []check.Case {
	var all list
	const rule = "An ID has 4 to 50 of A-Z a-z 0-9 . _ ~ @ + -."
	unique := func(t *check.T, n int) string { // n characters, of which the last are new
		id := t.NewID()
		return (strings.Repeat("x", 50) + strings.ReplaceAll(id[4:], ".", "0"))[50+len(id)-4-n:]
	}
	all.add("signup/id: 50", rule, func(t *check.T) {
		id := unique(t, 50)
		t.Send(check.Request{Do: "GET /check/id/" + id}).Want(http.StatusOK)
		t.Send(check.Request{Do: "POST /signup", Body: check.JSON{"id": id, "password": password, "name": "Ann"}}).
			Want(http.StatusCreated).Has("id", id)
	})
	all.add("signup/id: 4", rule, func(t *check.T) { // those that another run has taken are 409
		id := shortID()
		free := t.Send(check.Request{Do: "GET /check/id/" + id})
		want := http.StatusCreated
		if free.Status == http.StatusConflict {
			want = http.StatusConflict
		} else {
			free.Want(http.StatusOK)
		}
		t.Send(check.Request{Do: "POST /signup", Body: check.JSON{"id": id, "password": password, "name": "Ann"}}).
			Want(want)
	})
	all.add("signup/id: every character", rule, func(t *check.T) {
		id := ".-_~@+" + t.NewID()
		t.Send(check.Request{Do: "POST /signup", Body: check.JSON{"id": id, "password": password, "name": "Ann"}}).
			Want(http.StatusCreated).Has("id", id)
		get(t, nil, "/user/"+id).Has("id", id)
		tryAuth(t, id, password).Want(http.StatusOK)
	})
	for name, id := range map[string]string{
		"3": "abc", "51": strings.Repeat("x", 51), "none": "", "a blank": "ann 1", "a slash": "ann/1",
		"a colon": "ann:1",
		"Hangul":  "앤앤앤앤", "an accent": "anné.1", "emoji": "ann😀1", "a line break": "ann.1\n",
		"a leading blank":     " ann.1",
		"a full-width letter": "ａnn.1", "a percent sign": "ann%31", "a control character": "ann\x011",
		"a hash":              "ann#1",
		"an exclamation mark": "ann!1", "3 and an accent": "abc\u0301", "a long s": "ſann1",
		"a Kelvin sign": "ann\u212a1",
	} {
		all.add("signup/id: "+name, rule, func(t *check.T) {
			t.Send(check.Request{Do: "POST /signup", Body: check.JSON{"id": id, "password": password, "name": "Ann"}}).
				Want(http.StatusBadRequest).Hints("id", "4", "50").HidesInHint(id)
			t.Rule("Signing in with an ill-formed ID is 400, like any ill-formed field.")
			tryAuth(t, id, password).Want(http.StatusBadRequest).Hints("id")
			t.Send(check.Request{Do: "POST /temporary-password", Body: check.JSON{"id": id}}).
				Want(http.StatusBadRequest)
		})
	}
	return all
}
