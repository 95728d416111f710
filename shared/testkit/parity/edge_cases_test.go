package parity

import (
	"fmt"
	"slices"
	"strings"
)

// edgeCases returns requests that HTTP servers and gateways are likely to treat differently.
func edgeCases() []request {
	return slices.Concat(targets(), headers(), bodies(), methods())
}

func get(name, target string, header ...string) request {
	return request{Name: name, Method: "GET", Target: target, Header: header}
}

// targets returns requests with unusual paths and queries.
func targets() (all []request) {
	for _, path := range []string{
		"/", "//", "/nowhere", "/post/", "//post", "/post//1", "/./post", "/post/../post", "/post/.", "/post/..",
		"/post/1/", "/Post", "/post;x=1",
		"/post/%2e", "/post/%2E%2E/post", "/%2e/post", "/p%6Fst", "/post/%31", "/post/1%2F2", "/post%2F1", "/post/%2F",
		"/%2F", "/post/한글%2Fcomment",
		"/post/%", "/post/%zz", "/post/%2", "/post/%00", "/post/%0A", "/post/%FF", "/post/%25", "/post/%2531",
		"/post/%3Fsize=1", "/post/1%3F", "/post/%23", "/post/%20", "/post/+", "/post/1+1",
		"/post/한글", "/post/%ED%95%9C", "/post/1\\2", "/post/{id}", "/post/[1]", "/post/1;2", "/post/1,2",
		"/post/a:b@c", "/post/~!$&'()*", "/post/\"<>^`|",
		"/post/0", "/post/-1", "/post/01", "/post/9223372036854775807", "/post/9223372036854775808",
		"/post/" + strings.Repeat("9", 300),
		"/timeline/ann.1%2F", "/timeline/a+b", "/timeline/a%2Bb", "/timeline/a%20b", "/timeline/@~-_.", "/healthz/",
		"/probe/echo/%ED%95%9C%2F%25?a=%ED%95%9C&b=+%2B",
		"/user//", "/user/%2E", "/check/id/", "/check/id/ann%2E1", "/session/%63urrent",
	} {
		all = append(all, get("path "+path, path))
	}
	for _, query := range []string{
		"size=1", "size=1&size=2", "size=2&size=1", "size=", "size", "&&size=1", "size=%31", "s%69ze=1", "size=1;2",
		"size=1&x=%", "%=1", "x=%00", "size=+1", "size=%201", "cursor=", "cursor=%20", "size=1#x", "a=b=c", "=", "?",
		"size=1?", "한글=값", "a=%ED%95%9C", "a[]=1&a[]=2", "a=%FF", "a=|{}",
	} {
		all = append(all, get("query "+query, "/post?"+query), get("echoed query "+query, "/probe/echo/x?"+query))
	}
	return append(all,
		get("an ID that is taken", "/check/id/ANN.1"), get("a malformed ID", "/check/id/a%20b"),
	)
}

// headers returns requests with unusual headers, and some to the failing routes of the probe.
func headers() []request {
	noRequestID := func(name string, header ...string) request {
		return request{Name: name, Method: "GET", Target: "/post/1", Header: header, NoRequestID: true}
	}
	return []request{
		get("repeated headers", "/probe/echo/x", "X-Many: a", "X-Many: b,c", "X-Many: d", "X-One: 1"),
		get("an empty header", "/probe/echo/x", "X-Empty: "),
		get("a Hangul header", "/probe/echo/x", "X-One: 한글"),
		get("header names in other cases", "/probe/echo/x", "X-ONE: 1", "ACCEPT: */*", "user-agent: me"),
		get("two tokens", "/timeline", as("ann.1"), as("eve.1")),
		get("a token of another scheme", "/timeline", "Authorization: Basic YTpi"),
		get("the scheme in capitals", "/timeline", "Authorization: BEARER {token:ann.1}"),
		get("a binary response", "/probe/binary"),
		get("a panic", "/probe/panic"),
		get("an error", "/probe/fail"),
		get("a timeout", "/probe/slow"),
		noRequestID("no request id"),
		noRequestID("a malformed request id", "X-Request-Id: no spaces"),
		noRequestID("two request ids", "X-Request-Id: a", "X-Request-Id: b"),
	}
}

// bodies returns requests with unusual bodies.
func bodies() (all []request) {
	add := func(name, method, target, body string, header ...string) {
		all = append(all, request{Name: name, Method: method, Target: target, Header: header, Body: body})
	}
	add("an echoed body", "POST", "/probe/echo/x", "안녕 \x00\t\" ' \\ </script>", asJSON)
	add("an echoed binary body", "POST", "/probe/echo/x", "\x00\x01abc", "Content-Type: application/octet-stream")
	add("an echoed body without a media type", "POST", "/probe/echo/x", "abc")
	add("GET with a body", "GET", "/post/1", `{"a":1}`, asJSON)
	add("DELETE with a body", "DELETE", "/post/99999", `{"a":1}`, as("ann.1"), asJSON)

	add("truncated JSON without a token", "POST", "/post", `{`, asJSON)

	post := func(name, body string, header ...string) {
		add(name, "POST", "/post", body, append(header, as("ann.1"))...)
	}
	for _, size := range []int{64<<10 - 1, 64 << 10, 64<<10 + 1, 70 << 10} {
		body := `{"content":"x"}`
		post(fmt.Sprintf("a body of %d bytes", size), body+strings.Repeat(" ", size-len(body)), asJSON)
	}
	post("the longest content", `{"content":"`+strings.Repeat("한", 3000)+`"}`, asJSON)
	post("too long a content", `{"content":"`+strings.Repeat("한", 3001)+`"}`, asJSON)
	post("control characters", `{"content":"\u0001\u001f\u007f\u0085"}`, asJSON)
	post("U+0000", `{"content":"\u0000"}`, asJSON)
	post("half a surrogate pair", `{"content":"\ud800"}`, asJSON)
	post("invalid UTF-8", "{\"content\":\"\xff\"}", asJSON)
	post("a character that is cut off", "{\"content\":\"\xf0\x9f\x98\"}", asJSON)
	post("a replacement character", "{\"other\":\"\uFFFD\"}", asJSON)
	post("a key twice", `{"content":"a","content":"b"}`, asJSON)
	post("two values", `{"content":"a"} {}`, asJSON)
	post("a media type with a charset", `{"content":"a"}`, "Content-Type: application/json; charset=utf-8")
	post("a malformed media type", `{"content":"a"}`, "Content-Type: ;;")
	post("two media types", `{"content":"a"}`, asJSON, "Content-Type: text/plain")
	post("a compressed body", `{"content":"a"}`, asJSON, "Content-Encoding: gzip")
	post("an identical encoding", `{"content":"a"}`, asJSON, "Content-Encoding: Identity")
	post("truncated JSON", `{`, asJSON)
	post("an idempotency key", `{"content":"once"}`, asJSON, "Idempotency-Key: k-1")
	post("the same request again", `{"content":"once"}`, asJSON, "Idempotency-Key: k-1")
	post("the same key with another body", `{"content":"twice"}`, asJSON, "Idempotency-Key: k-1")
	post("two idempotency keys", `{"content":"keys"}`, asJSON, "Idempotency-Key: a", "Idempotency-Key: b")
	return all
}

// methods returns requests with unusual methods, changes that are refused, and lists of what the
// requests before have created.
func methods() (all []request) {
	for _, method := range []string{"get", "PROPFIND", "TRACE", "LINK", "PUT"} {
		all = append(all, request{Name: "the method " + method, Method: method, Target: "/post"})
	}
	add := func(name, method, target, body string, header ...string) {
		all = append(all, request{Name: name, Method: method, Target: target, Header: header, Body: body})
	}
	add("HEAD of a panic", "HEAD", "/probe/panic", "")
	add("HEAD of no route", "HEAD", "/nowhere", "")
	add("HEAD of a post that does not exist", "HEAD", "/post/99999", "")
	add("a malformed query to change a post", "PATCH", "/post/99999?a=%zz", `{"content":"x"}`, as("ann.1"), asJSON)
	add("another user's post", "DELETE", "/post/1", "", as("eve.1"))
	add("another user's post, with a query", "DELETE", "/post/1?a=b", "", as("eve.1"))
	add("another revision", "DELETE", "/post/1", "", as("ann.1"), `If-Match: "9"`)
	add("one of two revisions", "PATCH", "/post/1", `{"content":"x"}`,
		as("ann.1"), asJSON, `If-Match: "9"`, `If-Match: W/"0"`)
	return append(all, get("a page", "/post?size=3"), get("a page with a token", "/post?size=100", as("ann.1")))
}
