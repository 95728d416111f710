package contract

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"

	"minifb/scripts/conformance/check"
)

// A field is one with a range of lengths, in code points.
type field struct {
	do, name    string
	least, most int
	noControls  bool
	orNull      bool
	hidden      bool // is never shown
}

var fields = []field{
	{do: "POST /signup", name: "password", least: 10, most: 100, hidden: true},
	{do: "POST /signup", name: "name", least: 2, most: 16, noControls: true},
	{do: "POST /signup", name: "nickname", least: 1, most: 30, noControls: true, orNull: true},
	{do: "POST /signup", name: "intro", least: 1, most: 85, orNull: true},
	{do: "PATCH /user/nickname", name: "nickname", least: 1, most: 30, noControls: true, orNull: true},
	{do: "PATCH /user/intro", name: "intro", least: 1, most: 85, orNull: true},
	{do: "PATCH /user/password", name: "new_password", least: 10, most: 100, hidden: true},
	{do: "POST /post", name: "content", least: 1, most: 3000},
	{do: "PATCH post", name: "content", least: 1, most: 3000},
	{do: "POST comment", name: "content", least: 1, most: 1000},
	{do: "PATCH comment", name: "content", least: 1, most: 1000},
}

// alphabets are letters of one code point each, or, in NFD, of several that are counted one by one.
var alphabets = map[string]string{
	"ASCII": "abcdefgh", "Hangul": "가나다라", "Hangul in NFD": "\u1112\u1161\u11ab", "emoji": "😀🦆🌱",
	"combining": "e\u0301", "right to left": "אבג",
}

// textOf returns n code points.
func textOf(alphabet string, n int) string {
	letters := []rune(alphabet)
	var out strings.Builder
	for i := range n {
		out.WriteRune(letters[i%len(letters)])
	}
	return out.String()
}

// lengthCases send texts at and beyond the limits of each field.
func lengthCases() []check.Case {
	var all list
	for _, f := range fields {
		rule := fmt.Sprintf("%s has %d to %d Unicode code points.", f.name, f.least, f.most)
		for name, alphabet := range alphabets {
			for _, n := range []int{f.least - 1, f.least, f.most, f.most + 1} {
				valid := n >= f.least && n <= f.most
				slow := valid && (f.hidden || f.do == "POST /signup") // a password is hashed
				if n == 0 && name != "ASCII" || slow && name != "emoji" && name != "ASCII" {
					continue // an empty text has no alphabet
				}
				all.add(fmt.Sprintf("length/%s %s: %d of %s", f.do, f.name, n, name), rule, func(t *check.T) {
					f.try(t, textOf(alphabet, n), valid)
				})
			}
		}
		if f.orNull {
			all.add("length/"+f.do+" "+f.name+": null", f.name+" may be null.",
				func(t *check.T) { f.try(t, nil, true) })
		} else {
			all.add("length/"+f.do+" "+f.name+": null", f.name+" must not be null.",
				func(t *check.T) { f.try(t, nil, false) })
		}
		for name, value := range map[string]any{"a number": 12345678901, "a boolean": true, "a list": []string{"x"}} {
			all.add("length/"+f.do+" "+f.name+": "+name, f.name+" is a string.",
				func(t *check.T) { f.try(t, value, false) })
		}
		for name, value := range map[string]string{
			"a line break": "ab\ncdefghijk", "a tab": "ab\tcdefghijk", "DEL": "ab\x7fcdefghijk",
			"NEL": "ab\u0085cdefghijk",
		} {
			rule := f.name + " has no control characters."
			if !f.noControls {
				rule = "Text is stored as sent; only names and nicknames have no control characters."
			}
			if !f.hidden {
				all.add("length/"+f.do+" "+f.name+": "+name, rule, func(t *check.T) { f.try(t, value, !f.noControls) })
			}
		}
	}
	return all
}

// try sends one value.
func (f field) try(t *check.T, value any, valid bool) {
	r := check.Request{Do: f.do, Body: check.JSON{f.name: value}}
	want := http.StatusOK
	switch f.do {
	case "POST /signup":
		body := check.JSON{"id": t.NewID(), "password": password, "name": "Ann"}
		body[f.name] = value
		r.Body, want = body, http.StatusCreated
	case "PATCH /user/password":
		if valid {
			r.As = t.NewUser()
		} else {
			r.As = t.Borrow()
		}
		r.Body, want = check.JSON{"password": password, f.name: value}, http.StatusNoContent
	case "POST comment":
		r.As, want = t.Borrow(), http.StatusCreated
		r.Do = "POST " + newPost(t, r.As, "x") + "/comment"
	case "PATCH post", "PATCH comment":
		r.As = t.Borrow()
		r.Do = "PATCH " + newThing(t, r.As, strings.TrimPrefix(f.do, "PATCH "))
	default:
		r.As = t.Borrow()
		if f.do == "POST /post" {
			want = http.StatusCreated
		}
	}
	response := t.Send(r)
	if !valid {
		response.Want(http.StatusBadRequest).Hints(f.name)
		t.Rule("A hint gives a field's whole rule, and never the value.")
		if text, ok := value.(string); ok {
			response.Hints(strconv.Itoa(f.least), strconv.Itoa(f.most)).HidesInHint(text)
		}
		return
	}
	response.Want(want)
	if !f.hidden {
		t.Rule("Text is stored as sent: no trimming, no normalising.")
		response.Has(f.name, value)
		if f.do == "PATCH /user/nickname" { // other cases expect that the users whom they borrow have none
			change(t, r.As, "/user/nickname", check.JSON{"nickname": nil}).Want(http.StatusOK)
		}
	} else if f.do == "POST /signup" {
		t.Send(check.Request{Do: "POST /auth", Body: check.JSON{"id": response.Get("id"), "password": value}}).
			Want(http.StatusOK)
	}
}

// shortID returns a random ID of four characters.
func shortID() string {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789"
	var id strings.Builder
	for range 4 {
		id.WriteByte(letters[rand.IntN(len(letters))]) //nolint:gosec // no secret
	}
	return id.String()
}
