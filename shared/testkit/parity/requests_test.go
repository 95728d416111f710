package parity

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"minifb/shared/ops/sam"
	"minifb/shared/testkit/areatest"
)

// A request as it stands on the wire, but for the words that each world has its own for: {token:ann.1}, {refresh:ann.1}.
type request struct {
	Name    string // unique
	Method  string
	Target  string
	Header  []string // lines
	Body    string
	Untold  bool // sends no id of its own, so that each way makes one
	Outaged bool // sent when the database is away
}

// A reply is what a client reads.
type reply struct {
	Status int
	Header http.Header
	Body   string
}

const asJSON = "Content-Type: application/json"

func as(id string) string { return "Authorization: Bearer {token:" + id + "}" }

// An example is how a route is called so that it succeeds.
type example struct {
	as   string // the caller; the route's own where empty
	id   string // for {id}; the caller's own post where empty
	body string
}

// examples are those routes that need one. Every route of the template must succeed once, so a new one may have to be added here.
var examples = map[string]example{
	"GET /check/id/{id}":            {id: "free.1"},
	"POST /signup":                  {body: `{"id":"new.1","password":"` + areatest.Password + `","name":"새 사람","email":"new@example.com"}`},
	"GET /user/{id}":                {id: "ann.1"},
	"PATCH /user/password":          {body: `{"password":"` + areatest.Password + `","new_password":"another good one"}`},
	"PATCH /user/nickname":          {body: `{"nickname":"별명"}`},
	"PATCH /user/intro":             {body: `{"intro":null}`},
	"PATCH /user/email":             {body: `{"email":"a@example.com","password":"` + areatest.Password + `"}`},
	"POST /user/deletion":           {body: `{"password":"` + areatest.Password + `"}`},
	"POST /auth":                    {body: `{"id":"ANN.1","password":"` + areatest.Password + `"}`},
	"POST /refresh":                 {body: `{"refresh_token":"{refresh:ann.1}"}`},
	"DELETE /session/{id}":          {id: "current"},
	"POST /post":                    {body: `{"content":"안녕, 세상!\n<b>&amp;</b> \u2028 😀"}`},
	"PATCH /post/{id}":              {body: `{"content":"고침"}`},
	"GET /timeline/{id}":            {id: "ANN.1"},
	"POST /post/{id}/comment":       {as: "eve.1", id: "1", body: `{"content":"댓글"}`},
	"GET /comment/{id}":             {id: "1"},
	"PATCH /comment/{id}":           {as: "eve.1", id: "1", body: `{"content":"고친 댓글"}`},
	"DELETE /comment/{id}":          {as: "eve.1", id: "2"},
	"PUT /post/{id}/reaction":       {as: "eve.1", id: "1", body: `{"type":3}`},
	"DELETE /post/{id}/reaction":    {as: "eve.1", id: "1"},
	"PUT /comment/{id}/reaction":    {as: "ann.1", id: "1", body: `{"type":5}`},
	"GET /comment/{id}/reaction":    {id: "1"},
	"DELETE /comment/{id}/reaction": {as: "ann.1", id: "1"},
	"PATCH /notification/{id}":      {as: "ann.1", id: "1", body: `{"read":true}`},
	"POST /notification/read":       {as: "ann.1"},
	"POST /temporary-password":      {body: `{"id":"eve.1"}`},
}

// callers are ann.1, eve.1 and one for each route, who may lose the session or the account by it.
func callers(t *sam.Template) []string {
	ids := []string{"ann.1", "eve.1"}
	for range routes(t) {
		ids = append(ids, fmt.Sprintf("route.%d", len(ids)-1))
	}
	return ids
}

func routes(t *sam.Template) (all []sam.Route) {
	for _, f := range t.Functions {
		if f.Area != "trial" {
			all = append(all, f.Routes...)
		}
	}
	return all
}

// everyRoute calls each route of the template well and badly. First come two comments of eve.1's to ann.1's post, for others to find.
func everyRoute(t *sam.Template) []request {
	requests := []request{
		{Name: "a first comment", Method: "POST", Target: "/post/1/comment", Header: []string{as("eve.1"), asJSON}, Body: `{"content":"1"}`},
		{Name: "a second comment", Method: "POST", Target: "/post/1/comment", Header: []string{as("eve.1"), asJSON}, Body: `{"content":"2"}`},
	}
	for i, route := range routes(t) {
		one := examples[route.String()]
		if one.as == "" {
			one.as = fmt.Sprintf("route.%d", i+1)
		}
		if one.id == "" {
			one.id = fmt.Sprint(i + 3)
		}
		target := strings.ReplaceAll(route.Path, "{id}", one.id)
		add := func(what, method, target, body string, header ...string) {
			requests = append(requests, request{Name: route.String() + ": " + what, Method: method, Target: target, Header: header, Body: body})
		}
		signed := as(one.as)
		add("signed out", route.Method, target, one.body, asJSON)
		add("a bad token", route.Method, target, one.body, asJSON, "Authorization: Bearer x.y.z")
		add("another method", "BREW", target, "", signed)
		add("OPTIONS", "OPTIONS", target, "", signed)
		if route.Method == "GET" {
			add("a malformed query", "GET", target+"?a=%zz", "", signed)
			add("a bad page", "GET", target+"?size=0&cursor=!", "", signed)
		}
		if one.body != "" {
			add("no JSON", route.Method, target, `{"content":`, signed, asJSON)
			add("an empty object", route.Method, target, `{}`, signed, asJSON)
			add("an unknown key", route.Method, target, `{"nobody":1}`, signed, asJSON)
			add("no body", route.Method, target, "", signed, asJSON)
			add("another type", route.Method, target, one.body, signed, "Content-Type: text/plain")
			add("no type", route.Method, target, one.body, signed)
			add("too long", route.Method, target, one.body+strings.Repeat(" ", 64<<10), signed, asJSON)
		}
		if route.Method == "GET" {
			add("HEAD", "HEAD", target, "", signed)
		}
		add(success, route.Method, target, one.body, signed, asJSON)
	}
	return requests
}

// success names the call of each route that must succeed.
const success = "done well"

// oddities are what is left to try beside the routes.
func oddities() (all []request) {
	get := func(name, target string, header ...string) {
		all = append(all, request{Name: name, Method: "GET", Target: target, Header: header})
	}
	post := func(name, body string, header ...string) {
		all = append(all, request{Name: name, Method: "POST", Target: "/post", Header: append(header, as("ann.1")), Body: body})
	}
	for _, target := range []string{
		"/", "//", "/nowhere", "/post/", "//post", "/post//1", "/./post", "/post/../post", "/post/.", "/post/..", "/post/1/", "/Post", "/post;x=1",
		"/post/%2e", "/post/%2E%2E/post", "/%2e/post", "/p%6Fst", "/post/%31", "/post/1%2F2", "/post%2F1", "/post/%2F", "/post/%", "/post/%zz", "/post/%2",
		"/post/%00", "/post/%0A", "/post/%FF", "/post/%25", "/post/%2531", "/post/%3Fsize=1", "/post/1%3F", "/post/%23", "/post/%20", "/post/+", "/post/1+1",
		"/post/한글", "/post/%ED%95%9C", "/post/1\\2", "/post/{id}", "/post/[1]", "/post/1;2", "/post/1,2", "/post/a:b@c", "/post/~!$&'()*", "/post/\"<>^`|",
		"/post/0", "/post/-1", "/post/01", "/post/9223372036854775807", "/post/9223372036854775808", "/post/" + strings.Repeat("9", 300),
		"/timeline/ann.1%2F", "/timeline/a+b", "/timeline/a%2Bb", "/timeline/a%20b", "/timeline/@~-_.", "/healthz/", "/trial/echo/%ED%95%9C%2F%25?a=%ED%95%9C&b=+%2B",
		"/user//", "/user/%2E", "/check/id/", "/check/id/ann%2E1", "/session/%63urrent",
	} {
		get("path "+target, target)
	}
	for _, query := range []string{
		"size=1", "size=1&size=2", "size=2&size=1", "size=", "size", "&&size=1", "size=%31", "s%69ze=1", "size=1;2", "size=1&x=%", "%=1", "x=%00", "size=+1", "size=%201",
		"cursor=", "cursor=%20", "size=1#x", "a=b=c", "=", "?", "size=1?", "한글=값", "a=%ED%95%9C", "a[]=1&a[]=2", "a=%FF", "a=|{}",
	} {
		get("query "+query, "/post?"+query)
		get("echoed query "+query, "/trial/echo/x?"+query)
	}
	get("repeated headers", "/trial/echo/x", "X-Many: a", "X-Many: b,c", "X-Many: d", "X-One: 1")
	get("an empty header", "/trial/echo/x", "X-Empty: ")
	get("a Hangul header", "/trial/echo/x", "X-One: 한글")
	get("a header in capitals", "/trial/echo/x", "X-ONE: 1", "ACCEPT: */*", "user-agent: me")
	get("two tokens", "/timeline", as("ann.1"), as("eve.1"))
	get("a token of another scheme", "/timeline", "Authorization: Basic YTpi")
	get("the scheme in capitals", "/timeline", "Authorization: BEARER {token:ann.1}")
	get("bytes that are no text", "/trial/binary")
	get("a panic", "/trial/panic")
	get("a failure", "/trial/fail")
	get("out of time", "/trial/slow")
	all = append(all,
		request{Name: "HEAD of a panic", Method: "HEAD", Target: "/trial/panic"},
		request{Name: "HEAD of nothing", Method: "HEAD", Target: "/nowhere"},
		request{Name: "HEAD of a post that is not there", Method: "HEAD", Target: "/post/99999"},
		request{Name: "no id of one's own", Method: "GET", Target: "/post/1", Untold: true},
		request{Name: "an insane id", Method: "GET", Target: "/post/1", Header: []string{"X-Request-Id: no spaces"}, Untold: true},
		request{Name: "two ids", Method: "GET", Target: "/post/1", Header: []string{"X-Request-Id: a", "X-Request-Id: b"}, Untold: true},
		request{Name: "an echoed body", Method: "POST", Target: "/trial/echo/x", Header: []string{asJSON}, Body: "안녕 \x00\t\" ' \\ </script>"},
		request{Name: "an echoed body of bytes", Method: "POST", Target: "/trial/echo/x", Header: []string{"Content-Type: application/octet-stream"}, Body: "\x00\x01abc"},
		request{Name: "an echoed body without a type", Method: "POST", Target: "/trial/echo/x", Body: "abc"},
		request{Name: "GET with a body", Method: "GET", Target: "/post/1", Header: []string{asJSON}, Body: `{"a":1}`},
		request{Name: "DELETE with a body", Method: "DELETE", Target: "/post/99999", Header: []string{as("ann.1"), asJSON}, Body: `{"a":1}`},
		request{Name: "a malformed query to change a post", Method: "PATCH", Target: "/post/99999?a=%zz", Header: []string{as("ann.1"), asJSON}, Body: `{"content":"x"}`},
		request{Name: "somebody else's post", Method: "DELETE", Target: "/post/1", Header: []string{as("eve.1")}},
		request{Name: "somebody else's post, with a query", Method: "DELETE", Target: "/post/1?a=b", Header: []string{as("eve.1")}},
		request{Name: "a post changed meanwhile", Method: "DELETE", Target: "/post/1", Header: []string{as("ann.1"), `If-Match: "9"`}},
		request{Name: "one of two revisions", Method: "PATCH", Target: "/post/1", Header: []string{as("ann.1"), asJSON, `If-Match: "9"`, `If-Match: W/"0"`}, Body: `{"content":"x"}`},
		request{Name: "an ID that is taken", Method: "GET", Target: "/check/id/ANN.1"},
		request{Name: "an ID that is none", Method: "GET", Target: "/check/id/a%20b"},
	)
	for _, size := range []int{64<<10 - 1, 64 << 10, 64<<10 + 1, 70 << 10} {
		body := `{"content":"x"}`
		post(fmt.Sprintf("a body of %d bytes", size), body+strings.Repeat(" ", size-len(body)), asJSON)
	}
	post("the longest content", `{"content":"`+strings.Repeat("한", 3000)+`"}`, asJSON)
	post("a content too long", `{"content":"`+strings.Repeat("한", 3001)+`"}`, asJSON)
	post("a content of controls", `{"content":"\u0001\u001f\u007f\u0085"}`, asJSON)
	post("U+0000", `{"content":"\u0000"}`, asJSON)
	post("half a surrogate", `{"content":"\ud800"}`, asJSON)
	post("bytes that are not UTF-8", "{\"content\":\"\xff\"}", asJSON)
	post("a key twice", `{"content":"a","content":"b"}`, asJSON)
	post("two values", `{"content":"a"} {}`, asJSON)
	post("a type with a charset", `{"content":"a"}`, "Content-Type: application/json; charset=utf-8")
	post("a type that is none", `{"content":"a"}`, "Content-Type: ;;")
	post("two types", `{"content":"a"}`, asJSON, "Content-Type: text/plain")
	post("no token and a bad body", `{`, asJSON)
	post("the first with a key", `{"content":"once"}`, asJSON, "Idempotency-Key: k-1")
	post("the same again", `{"content":"once"}`, asJSON, "Idempotency-Key: k-1")
	post("the key with another body", `{"content":"twice"}`, asJSON, "Idempotency-Key: k-1")
	post("two keys", `{"content":"keys"}`, asJSON, "Idempotency-Key: a", "Idempotency-Key: b")
	for _, method := range []string{"get", "PROPFIND", "TRACE", "LINK", "PUT"} {
		all = append(all, request{Name: "the method " + method, Method: method, Target: "/post"})
	}
	all = append(all,
		request{Name: "a page", Method: "GET", Target: "/post?size=3"},
		request{Name: "a page with a token", Method: "GET", Target: "/post?size=100", Header: []string{as("ann.1")}},
	)
	return all
}

// outages are sent last, when the database is away.
func outages(t *sam.Template) (all []request) {
	for _, route := range routes(t) {
		one := examples[route.String()]
		id := one.id
		if id == "" {
			id = "1"
		}
		header := []string{as("ann.1")}
		if one.body != "" {
			header = append(header, asJSON)
		}
		all = append(all, request{
			Name: "without a database: " + route.String(), Method: route.Method, Target: strings.ReplaceAll(route.Path, "{id}", id),
			Header: header, Body: one.body, Outaged: true,
		})
	}
	return all
}

// suite is every request, each with an id of its own and the world's words still open.
func suite(t *sam.Template) []request {
	all := slices.Concat(everyRoute(t), oddities(), outages(t))
	for i := range all {
		if !all[i].Untold {
			all[i].Header = append(slices.Clip(all[i].Header), fmt.Sprintf("X-Request-Id: parity-%d", i))
		}
	}
	return all
}
