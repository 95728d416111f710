package fault

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// limits are the lengths of the fields, by the routes that take them.
var limits = []struct {
	route, field string
	least, most  int
}{
	{"POST /signup", "id", 4, 50},
	{"POST /signup", "password", 10, 100},
	{"POST /signup", "name", 2, 16},
	{"POST /signup", "nickname", 1, 30},
	{"POST /signup", "intro", 1, 85},
	{"PATCH /user/nickname", "nickname", 1, 30},
	{"PATCH /user/intro", "intro", 1, 85},
	{"PATCH /user/password", "new_password", 10, 100},
	{"POST /post", "content", 1, 3000},
	{"PATCH /post/{id}", "content", 1, 3000},
	{"POST /post/{id}/comment", "content", 1, 1000},
	{"PATCH /comment/{id}", "content", 1, 1000},
}

// fieldFaults have other rules for fields.
func fieldFaults() (all []Fault) {
	for _, l := range limits {
		add := func(what string, distort func(*exchange)) {
			all = append(all, Fault{l.route + ": " + l.field + " " + what, l.route, distort})
		}
		length := func(x *exchange) int { return utf8.RuneCountInString(x.text(l.field)) }
		rule := fmt.Sprintf("%s: %d to %d characters", l.field, l.least, l.most)
		add("at its maximum is refused", refuses(http.StatusBadRequest, rule, func(x *exchange) bool {
			return length(x) == l.most
		}))
		add("at its minimum is refused", refuses(http.StatusBadRequest, rule, func(x *exchange) bool {
			return length(x) == l.least
		}))
		add("above its maximum is cut", sending(func(o map[string]any) {
			if text, _ := o[l.field].(string); utf8.RuneCountInString(text) == l.most+1 {
				o[l.field] = string([]rune(text)[:l.most])
			}
		}))
		add("below its minimum is filled up", sending(func(o map[string]any) {
			if text, ok := o[l.field].(string); ok && utf8.RuneCountInString(text) == l.least-1 {
				o[l.field] = text + "x"
			}
		}))
		if l.field == "id" {
			continue
		}
		add("is counted in bytes", refuses(http.StatusBadRequest, rule, func(x *exchange) bool {
			return len(x.text(l.field)) > l.most
		}))
		add("is counted in UTF-16", refuses(http.StatusBadRequest, rule, func(x *exchange) bool {
			return len(utf16.Encode([]rune(x.text(l.field)))) > l.most
		}))
		add("is counted in UTF-16, at its minimum", sending(func(o map[string]any) {
			text, _ := o[l.field].(string)
			if n := utf8.RuneCountInString(text); n < l.least && len(utf16.Encode([]rune(text))) >= l.least {
				o[l.field] = text + strings.Repeat("x", l.least-n)
			}
		}))
		if l.least == 1 && l.field == "nickname" || l.field == "intro" {
			add("must not be null", refuses(http.StatusBadRequest, rule, func(x *exchange) bool {
				value, sent := x.sent()[l.field]
				return sent && value == nil
			}))
		}
		if l.field != "password" && l.field != "new_password" {
			add("is normalised", sending(func(o map[string]any) {
				if text, ok := o[l.field].(string); ok {
					o[l.field] = strings.ReplaceAll(text, "\u1112\u1161\u11ab", "한")
				}
			}))
		}
	}
	return append(all, valueFaults()...)
}

// valueFaults accept other values, or store them otherwise.
func valueFaults() []Fault {
	reaction := func(route string, from any, to int) Fault {
		return Fault{fmt.Sprintf("%s: a type of %v is accepted", route, from), route, sending(func(o map[string]any) {
			if fmt.Sprint(o["type"]) == fmt.Sprint(from) {
				o["type"] = to
			}
		})}
	}
	trimmed := func(route, field string) Fault {
		return Fault{route + ": " + field + " is trimmed", route, sending(func(o map[string]any) {
			if text, ok := o[field].(string); ok && strings.TrimSpace(text) != "" {
				o[field] = strings.TrimSpace(text)
			}
		})}
	}
	replaced := func(route, from, to string) Fault {
		return Fault{fmt.Sprintf("%s: %q becomes %q", route, from, to), route, sending(func(o map[string]any) {
			for name, value := range o {
				if text, ok := value.(string); ok {
					o[name] = strings.ReplaceAll(text, from, to)
				}
			}
		})}
	}
	return []Fault{
		reaction("PUT /post/{id}/reaction", 0, 1), reaction("PUT /post/{id}/reaction", 6, 5),
		reaction("PUT /comment/{id}/reaction", 0, 1), reaction("PUT /comment/{id}/reaction", 6, 5),
		reaction("PUT /post/{id}/reaction", "1.5", 1),
		{"PUT /post/{id}/reaction: a type of 5 is refused", "PUT /post/{id}/reaction",
			refuses(http.StatusBadRequest, "type: 1 to 5",
				func(x *exchange) bool { return fmt.Sprint(x.sent()["type"]) == "5" })},
		{"PUT /comment/{id}/reaction: a type as text is accepted", "PUT /comment/{id}/reaction",
			sending(func(o map[string]any) {
				if o["type"] == "1" {
					o["type"] = 1
				}
			})},
		{"PATCH /notification/{id}: read as text is accepted", "PATCH /notification/{id}",
			sending(func(o map[string]any) {
				if text, ok := o["read"].(string); ok {
					o["read"] = text == "true"
				}
			})},
		{"POST /notification/read: up_to of 0 is accepted", "POST /notification/read", sending(func(o map[string]any) {
			if fmt.Sprint(o["up_to"]) == "0" {
				o["up_to"] = 1
			}
		})},
		trimmed("POST /post", "content"), trimmed("POST /post/{id}/comment", "content"), trimmed("POST /signup",
			"nickname"),
		trimmed("POST /auth", "password"), trimmed("POST /auth", "id"),
		replaced("POST /post", "\r\n", "\n"), replaced("POST /post", "<", "&lt;"), replaced("POST /post", "'", "''"),
		replaced("POST /post/{id}/comment", "\u2028", "\n"), replaced("POST /post", "\u200d", ""),
		replaced("POST /signup", "\n", " "), replaced("PATCH /user/nickname", "\t", " "),
		replaced("PATCH /user/email", "Ann@Example.ORG", "ann@example.org"),
		replaced("PATCH /user/email", "a nn@", "ann@"), replaced("PATCH /user/email", "ann@example.org\r",
			"ann@example.org"),
		replaced("POST /signup", "Ann <ann@example.org>", "ann@example.org"),
		{"PATCH /user/email: an address of 254 is refused", "PATCH /user/email",
			refuses(http.StatusBadRequest, "email: at most 254 characters",
				func(x *exchange) bool { return len(x.text("email")) == 254 })},
		{"PATCH /user/email: + is refused", "PATCH /user/email", refuses(http.StatusBadRequest, "email: a mail address",
			func(x *exchange) bool { return strings.Contains(x.text("email"), "+") })},
		{"POST /signup: an ID with ~ is refused", "POST /signup", refuses(http.StatusBadRequest, "id: 4 to 50 letters",
			func(x *exchange) bool { return strings.Contains(x.text("id"), "~") })},
		{"POST /signup: an ID with a blank is accepted", "POST /signup", sending(func(o map[string]any) {
			if id, _ := o["id"].(string); id == "ann 1" {
				o["id"] = fmt.Sprintf("ann.%p", o)
			}
		})},
		{"POST /signup: name may be left out", "POST /signup", sending(func(o map[string]any) {
			if _, sent := o["name"]; !sent {
				o["name"] = "Nobody"
			}
		})},
	}
}

// lenient reads a body as encoding/json does, which accepts what the contract refuses, and sends
// what it has understood.
func lenient(x *exchange) {
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(x.body)) // reads the first value alone
	decoder.UseNumber()
	if decoder.Decode(&object) == nil && object != nil {
		x.body = encode(object)
	}
}

// bodyFaults accept malformed bodies, each on one route or a few.
func bodyFaults(routes []string) (all []Fault) {
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		takesBody := method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
		if !takesBody || strings.HasPrefix(path, "/backoffice") {
			continue
		}
		add := func(what string, change func(x *exchange)) {
			all = append(all, Fault{route + ": " + what, route, request(change)})
		}
		add("bodies are read as encoding/json does", lenient)
		add("unknown keys are ignored", func(x *exchange) {
			if object := x.sent(); object != nil && object["unknown"] != nil {
				delete(object, "unknown")
				x.body = encode(object)
			}
		})
		add("the Content-Type is not read", func(x *exchange) {
			if len(x.body) > 0 {
				x.header.Set("Content-Type", "application/json")
			}
		})
		add("the Content-Encoding is not read", func(x *exchange) { x.header.Del("Content-Encoding") })
		add("bodies may be larger", func(x *exchange) { x.body = bytes.TrimSpace(x.body) })
		add("keys in any case", func(x *exchange) {
			object := x.sent()
			for name, value := range object {
				if lower := strings.ToLower(name); lower != name {
					delete(object, name)
					object[lower] = value
				}
			}
			if object != nil {
				x.body = encode(object)
			}
		})
	}
	post := func(what string, change func(x *exchange)) {
		all = append(all, Fault{"POST /post: " + what, "POST /post", request(change)})
	}
	post("a byte order mark is ignored", func(x *exchange) { x.body = bytes.TrimPrefix(x.body, []byte("\ufeff")) })
	post("invalid UTF-8 is replaced", func(x *exchange) { x.body = bytes.ToValidUTF8(x.body, []byte("?")) })
	post("lone surrogates are replaced", func(x *exchange) {
		x.body = bytes.ReplaceAll(x.body, []byte(`\ud800`), []byte("?"))
	})
	post("U+0000 is dropped", func(x *exchange) { x.body = bytes.ReplaceAll(x.body, []byte(`\u0000`), nil) })
	post("a trailing comma is ignored",
		func(x *exchange) { x.body = bytes.ReplaceAll(x.body, []byte(",}"), []byte("}")) })
	post("trailing text is ignored", func(x *exchange) { x.body = bytes.TrimSuffix(x.body, []byte("x")) })
	post("64 KiB are refused", func(x *exchange) {
		if len(x.body) == 64<<10 {
			x.body = append(x.body, ' ')
		}
	})
	post("a charset is refused", func(x *exchange) {
		if strings.Contains(x.header.Get("Content-Type"), "charset") {
			x.header.Set("Content-Type", "text/plain")
		}
	})
	return all
}
