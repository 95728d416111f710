package contract

import (
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

const strict = "A malformed body is 400: not JSON, an unknown, duplicate or wrongly cased key, trailing data, " +
	"invalid UTF-8, a lone surrogate, U+0000, depth over 32."

// A spoiled body is made from a valid one.
type spoiled struct {
	name  string
	spoil func(body string) string
}

// inside returns a function that adds a member to an object.
func inside(member string) func(string) string {
	return func(body string) string { return strings.TrimSuffix(body, "}") + "," + member + "}" }
}

func instead(body string) func(string) string { return func(string) string { return body } }

// firstKey returns the first name of an object.
func firstKey(body string) string { return strings.SplitN(body, `"`, 3)[1] }

// withFirst returns a function that replaces the value of the first member.
func withFirst(value string) func(string) string {
	return func(body string) string {
		key := firstKey(body)
		rest := body[len(`{"":`)+len(key):]
		end := strings.IndexAny(rest, ",}")
		return `{"` + key + `":` + value + rest[end:]
	}
}

var malformed = []spoiled{
	{"empty", instead("")},
	{"blank", instead("  ")},
	{"not JSON", instead("content=x")},
	{"null", instead("null")},
	{"an array", instead("[]")},
	{"a string", instead(`"x"`)},
	{"a number", instead("1")},
	{"cut off", func(body string) string { return strings.TrimSuffix(body, "}") }},
	{"an unknown key", inside(`"unknown":1`)},
	{"a duplicate key", func(body string) string {
		return strings.TrimSuffix(body, "}") + "," + strings.TrimPrefix(body, "{")
	}},
	{"a key in capitals", func(body string) string {
		return strings.Replace(body, firstKey(body), strings.ToUpper(firstKey(body)), 1)
	}},
	{"a key twice in two cases", func(body string) string {
		return inside(`"` + strings.ToUpper(firstKey(body)) + `":1`)(body)
	}},
	{"trailing text", func(body string) string { return body + "x" }},
	{"two values", func(body string) string { return body + "{}" }},
	{"a trailing comma", func(body string) string { return strings.TrimSuffix(body, "}") + ",}" }},
	{"a comment", func(body string) string { return "/* */" + body }},
	{"single quotes", func(body string) string { return strings.ReplaceAll(body, `"`, "'") }},
	{"a byte order mark", func(body string) string { return "\ufeff" + body }},
	{"invalid UTF-8", withFirst("\"\xff\xfe, longer than any minimum\"")},
	{"an overlong encoding", withFirst("\"\xc0\xaf, longer than any minimum\"")},
	{"a lone surrogate", withFirst(`"\ud800, longer than any minimum"`)},
	{"U+0000", withFirst(`"\u0000, longer than any minimum"`)},
	{"a raw control character", withFirst("\"\n, longer than any minimum\"")},
	{"an array as value", withFirst("[]")},
	{"an object as value", withFirst("{}")},
	{"deep nesting", inside(`"unknown":` + strings.Repeat("[", 40) + strings.Repeat("]", 40))},
	{"very deep nesting", instead(strings.Repeat("[", 30000))},
	{"deep nesting of objects", withFirst(strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40))},
}

// bodyCases send spoiled bodies to each route that has one. Nothing is changed by them.
func bodyCases() []check.Case {
	var all list
	for _, r := range routes {
		if r.body == "" {
			continue
		}
		optional := r.path == "/notification/read" // its body may be left out
		send := func(t *check.T, request check.Request) *check.Response {
			request.Do = r.to(missing)
			if r.access != anyone {
				request.As = t.Borrow()
			}
			return t.Send(request)
		}
		for _, s := range malformed {
			if optional && s.name == "empty" {
				continue
			}
			all.add("body/"+r.String()+": "+s.name, strict, func(t *check.T) {
				send(t, check.Request{Body: s.spoil(r.body), Type: "application/json"}).Want(http.StatusBadRequest)
			})
		}
		const media = "A body whose Content-Type is not application/json, or that is compressed, is 415."
		for _, other := range []string{
			"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonp",
			"application/problem+json", "text/json",
		} {
			all.add("body/"+r.String()+": "+other, media, func(t *check.T) {
				send(t, check.Request{Body: r.body, Type: other}).Want(http.StatusUnsupportedMediaType)
			})
		}
		all.add("body/"+r.String()+": compressed", media, func(t *check.T) {
			send(t, check.Request{Body: r.body, Header: []string{"Content-Encoding: gzip"}}).
				Want(http.StatusUnsupportedMediaType)
		})
		all.add("body/"+r.String()+": too large", "A body over 64 KiB is 413.", func(t *check.T) {
			send(t, check.Request{Body: r.body + strings.Repeat(" ", 64<<10+1-len(r.body))}).
				Want(http.StatusRequestEntityTooLarge)
		})
		all.add("body/"+r.String()+": an unknown key is named", "The hint names each field.", func(t *check.T) {
			send(t, check.Request{Body: inside(`"unknown":"secret"`)(r.body)}).Want(http.StatusBadRequest).
				Hints("unknown").HidesInHint("secret")
		})
	}
	return append(all, acceptedBodyCases()...)
}

// acceptedBodyCases send unusual bodies that are well-formed.
func acceptedBodyCases() []check.Case {
	var all list
	post := func(name, rule string, request check.Request, want string) {
		all.add("body/accepted: "+name, rule, func(t *check.T) {
			request.Do, request.As = "POST /post", t.Borrow()
			t.Send(request).Want(http.StatusCreated).Has("content", want)
		})
	}
	const fits = "Any JSON in UTF-8 of at most 64 KiB is accepted."
	post("64 KiB", fits, check.Request{Body: `{"content":"x"}` + strings.Repeat(" ", 64<<10-15)}, "x")
	post("space around", fits, check.Request{Body: " \r\n\t{ \"content\" : \"x\" } \n"}, "x")
	post("escaped letters", fits, check.Request{Body: `{"\u0063ontent":"\ud55c\ud83d\ude00\u0001\n\/"}`}, "한😀\x01\n/")
	post("a charset", "A Content-Type may have parameters.",
		check.Request{Body: `{"content":"x"}`, Type: "application/json; charset=utf-8"}, "x")
	post("a type in capitals", "A media type is the same in any case.",
		check.Request{Body: `{"content":"x"}`, Type: "Application/JSON"}, "x")
	post("identity", "The Content-Encoding identity changes nothing.",
		check.Request{Body: `{"content":"x"}`, Header: []string{"Content-Encoding: identity"}}, "x")
	all.add("body/accepted: a body where none is needed", "A route without a body does not read one.",
		func(t *check.T) {
			t.Send(check.Request{Do: "GET /user", As: t.Borrow(), Body: "x", Type: "text/plain"}).Want(http.StatusOK)
		})
	return all
}
