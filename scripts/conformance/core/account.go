package core

import (
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

func (k *kit) account() {
	m := k.Members
	k.add("account/ID check", "A duplicate of an ID can be found before signing up.", "check_id", func(t *check.T) {
		k.do(t, "check_id", nil, values{"user": t.NewID()})
		if r := k.send(t, "check_id", nil, values{"user": t.Borrow().ID}); r.Status == http.StatusOK {
			// Some say so in the body of a success. Two responses that are the same tell nothing.
			if free := k.do(t, "check_id", nil, values{"user": t.NewID()}); string(free.Body) == string(r.Body) {
				r.Failf("another response for an ID that is taken", "the same")
			}
		}
	})
	k.add("account/sign up", "A user has ID, password and name; nickname and intro may be null.", "get_user",
		func(t *check.T) {
			id := t.NewID()
			k.do(t, "sign_up", nil, values{
				"user_id": id, "password": password, "name": "홍길동", "nickname": "길동", "intro": "안녕하세요",
			})
			u := &check.User{ID: id, Password: password}
			t.SignIn(u)
			r := k.do(t, "get_user", u, values{"user": id})
			r.Has(m["user_id"], id).Has(m["name"], "홍길동").Has(m["nickname"], "길동").Has(m["intro"], "안녕하세요")
			r.Get(m["created_at"])
			t.Rule("A password is stored hashed, and never shown.")
			if strings.Contains(string(r.Body), password) || strings.Contains(string(r.Body), "pbkdf2") {
				r.Failf("no password", "%s", r.Body)
			}
			other := t.NewUser()
			k.do(t, "get_user", u, values{"user": other.ID}).Has(m["nickname"], nil).Has(m["intro"], nil)
		})
	k.add("account/taken ID", "An ID is unique.", "", func(t *check.T) {
		u := t.Borrow()
		refused(k.send(t, "sign_up", nil, values{"user_id": u.ID, "password": "another password", "name": "Eve"}))
		t.SignIn(u)
	})
	for _, name := range []string{"user_id", "password", "name"} {
		k.add("account/sign up without "+name, "ID, password and name must be sent.", "", func(t *check.T) {
			v := values{"user_id": t.NewID(), "password": password, "name": "Ann"}
			delete(v, name)
			t.Borrow() // so that a server that refuses everything does not pass
			refused(k.send(t, "sign_up", nil, v))
		})
	}
	k.add("account/wrong password", "Only the right password signs in.", "", func(t *check.T) {
		refused(k.send(t, "sign_in", nil, values{"user_id": t.Borrow().ID, "password": "another password"}))
		refused(k.send(t, "sign_in", nil, values{"user_id": t.NewID(), "password": password}))
	})
	k.add("account/change the password", "A password can be changed.", "change_password", func(t *check.T) {
		u := t.NewUser()
		refused(k.send(t, "change_password", nil, values{"password": password, "new_password": "battery staple"}))
		k.do(t, "change_password", u, values{"password": password, "new_password": "battery staple"})
		refused(k.send(t, "sign_in", nil, values{"user_id": u.ID, "password": password}))
		u.Password = "battery staple"
		t.SignIn(u)
	})
	k.add("account/temporary password", "A temporary password can be requested.", "temporary_password",
		func(t *check.T) {
			u := t.NewUser()
			k.do(t, "temporary_password", nil, values{"user_id": u.ID})
		})
	for _, name := range []string{"nickname", "intro"} {
		k.add("account/change "+name, name+" can be changed, and be null.", "get_user set_"+name, func(t *check.T) {
			u := t.NewUser()
			for _, value := range []any{"새 별명", nil} {
				k.do(t, "set_"+name, u, values{name: value})
				k.do(t, "get_user", u, values{"user": u.ID}).Has(m[name], value)
			}
			refused(k.send(t, "set_"+name, nil, values{name: "x"}))
		})
	}
}

// A field is one with a range of lengths.
type field struct {
	name        string // of names.json
	least, most int
	routes      []string
}

func (k *kit) lengths() {
	for _, f := range []field{
		{"user_id", 4, 50, []string{"sign_up"}}, {"password", 10, 100, []string{"sign_up"}},
		{"name", 2, 16, []string{"sign_up"}}, {"nickname", 1, 30, []string{"sign_up", "set_nickname"}},
		{"intro", 1, 85, []string{"sign_up", "set_intro"}}, {"new_password", 10, 100, []string{"change_password"}},
		{"content", 1, 3000, []string{"create_post", "edit_post"}},
		{"content", 1, 1000, []string{"add_comment", "edit_comment"}},
	} {
		for _, route := range f.routes {
			for _, letter := range []string{"a", "한", "😀"} {
				for _, n := range []int{f.least - 1, f.least, f.most, f.most + 1} {
					if f.name == "user_id" && (letter != "a" || n == f.least) || n == 0 && letter != "a" {
						continue // the specification does not say which letters an ID has
					}
					k.length(f, route, letter, n)
				}
			}
		}
	}
}

// length adds a case that sends a text of n letters.
func (k *kit) length(f field, route, letter string, n int) {
	needs := route
	if strings.HasSuffix(route, "_post") || strings.HasSuffix(route, "_comment") {
		needs += " create_post"
	}
	if route == "edit_comment" {
		needs += " add_comment"
	}
	const rule = "ID 4–50, password 10–100, name 2–16, nickname 1–30, intro 1–85, post 1–3000, comment 1–1000."
	k.add("length/"+route+" "+f.name+": "+itoa(n)+" of "+letter, rule, needs, func(t *check.T) {
		text := strings.Repeat(letter, n)
		if f.name == "user_id" && n == f.most {
			id := t.NewID()
			text = id + strings.Repeat("x", n-len(id))
		}
		v := values{f.name: text}
		var u *check.User
		switch route {
		case "sign_up":
			t.Borrow() // so that a server that refuses everything does not pass
			v = values{"user_id": t.NewID(), "password": password, "name": "Ann"}
			v[f.name] = text
		case "change_password":
			u = t.NewUser()
			v["password"] = password
		case "edit_post", "add_comment":
			u = t.Borrow()
			v["id"] = k.newPost(t, u, "x")
		case "edit_comment":
			u = t.Borrow()
			v["id"] = k.newComment(t, u, k.newPost(t, u, "x"), "y")
		default:
			u = t.Borrow()
		}
		r := k.send(t, route, u, v)
		if n < f.least || n > f.most {
			refused(r)
			return
		}
		succeeds(r)
	})
}
