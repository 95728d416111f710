package contract

import (
	"encoding/json"
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

// valueCases check fields that are no plain texts, and what is stored as sent.
func valueCases() []check.Case {
	var all list
	for name, email := range map[string]string{
		"none": "", "no at": "ann.example.org", "no domain": "eve@", "no name": "@eve.example",
		"a blank": "a nn@example.org",
		"two ats": "a@b@example.org", "a line break": "ann@example.org\nBcc: x@example.org",
		"a comma": "a@x.org,b@x.org",
		"255":     strings.Repeat("a", 243) + "@example.org", "brackets": "Ann <ann@example.org>",
		"U+0000":            "a\x00@example.org",
		"a carriage return": "ann@example.org\r", "dots": "ann..b@example.org",
	} {
		all.add("email/"+name, "email is a mail address of at most 254 characters.", func(t *check.T) {
			u := t.Borrow()
			body := check.JSON{"email": email, "password": password}
			change(t, u, "/user/email", body).Want(http.StatusBadRequest).Hints("email").HidesInHint(email)
			t.Send(check.Request{Do: "POST /signup", Body: check.JSON{
				"id": t.NewID(), "password": password, "name": "Ann", "email": email,
			}}).Want(http.StatusBadRequest).Hints("email")
		})
	}
	for name, email := range map[string]string{
		"plain": "ann@example.org", "254": strings.Repeat("a", 60) + "@" + strings.Repeat(strings.Repeat("b", 60)+".",
			3) + "example.io",
		"a plus sign": "ann+minifb@example.org", "capitals": "Ann@Example.ORG",
	} {
		all.add("email/"+name, "email is a mail address of at most 254 characters, stored as sent.", func(t *check.T) {
			u := t.Borrow()
			change(t, u, "/user/email", check.JSON{"email": email, "password": password}).Want(http.StatusOK).
				Is(meShape).Has("email", email)
			get(t, u, "/user").Has("email", email)
			change(t, u, "/user/email", check.JSON{"email": nil, "password": password}).Want(http.StatusOK).
				Has("email", nil)
		})
	}
	for name, value := range map[string]any{
		"0": 0, "6": 6, "-1": -1, "1.5": 1.5, "a string": "1", "null": nil, "true": true, "huge": 1e30,
		"a list": []int{1}, "1.0": json.RawMessage("1.0"), "1e0": json.RawMessage("1e0"),
	} {
		for _, kind := range []string{"post", "comment"} {
			all.add("reaction type/"+kind+": "+name, "A reaction's type is an integer from 1 to 5.", func(t *check.T) {
				u := t.Borrow()
				thing := newThing(t, u, kind)
				t.Send(check.Request{Do: "PUT " + thing + "/reaction", As: u, Body: check.JSON{"type": value}}).
					Want(http.StatusBadRequest).Hints("type")
				get(t, u, thing).Has("my_reaction", nil)
			})
		}
	}
	return append(all, storedCases()...)
}

// storedCases check other values, and that text is stored as sent.
func storedCases() []check.Case {
	var all list
	for name, value := range map[string]any{"a string": "true", "a number": 1, "null": nil} {
		all.add("read/"+name, "read is true or false.", func(t *check.T) {
			t.Send(check.Request{Do: "PATCH /notification/1", As: t.Borrow(), Body: check.JSON{"read": value}}).
				Want(http.StatusBadRequest).Hints("read")
		})
	}
	for name, value := range map[string]any{"a string": "1", "0": 0, "-1": -1, "1.5": 1.5,
		"too large": "9223372036854775808"} {
		all.add("up_to/"+name, "up_to is the id of a notification.", func(t *check.T) {
			body := any(check.JSON{"up_to": value})
			if name == "too large" {
				body = `{"up_to":9223372036854775808}`
			}
			t.Send(check.Request{Do: "POST /notification/read", As: t.Borrow(), Body: body}).
				Want(http.StatusBadRequest).Hints("up_to")
		})
	}
	for name, content := range map[string]string{
		"blanks": "  a  ", "only blanks": "   ", "line breaks": "\r\na\n\n", "HTML": "<b>&amp;</b>",
		"SQL": "'; DROP TABLE users; --",
		"NFC": "한", "NFD": "\u1112\u1161\u11ab", "zero width": "a\u200bb\ufeff", "line separators": "a\u2028b\u2029",
		"noncharacters": "\ufffe\U0010ffff", "a family": "👨‍👩‍👧‍👦", "backslashes": `\n\u0041\`, "escapes": "\x1b[31m",
		"right to left": "\u202eabc", "quotes": `"'` + "`",
	} {
		for _, kind := range []string{"post", "comment"} {
			all.add("stored as sent/"+kind+": "+name, "Text is stored as sent: no trimming, no normalising.",
				func(t *check.T) {
					u := t.Borrow()
					path := newPost(t, u, content)
					if kind == "comment" {
						path = newComment(t, u, path, content)
					}
					get(t, nil, path).Has("content", content)
				})
		}
	}
	return all
}
