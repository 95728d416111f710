package parity

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A difference is one that is accepted, with its cause.
type difference struct {
	transports []string // that differ from the socket
	part       string   // "status", "body", the name of a header, or "response" for one or more of them
	where      func(request, response) bool
	cause      string
}

var (
	lambdas = []string{"http-api", "rest-api", "function-url", "alb", "alb-single"}
	restAPI = []string{"rest-api"}
)

var differences = []difference{
	{
		[]string{"nginx"}, "X-Request-Id", malformedPath,
		"Go's HTTP server refuses a target that it cannot parse before any handler runs, and the request's id is lost.",
	},
	{
		[]string{"nginx"}, "Cache-Control", malformedPath,
		"Go's HTTP server does not tell whether such a request has a token, so its response is never cached.",
	},
	{
		lambdas, "response", malformedPath,
		"On Lambda the hint is about the path alone, and the request's id is known. Behind an HTTP API, where a bare " +
			"% cannot be told from %25, the status is 404.",
	},
	{
		[]string{"nginx"}, "response", named("path /post/%00", "two tokens", "one of two revisions", "the method get"),
		"nginx itself returns 400 for U+0000 in a path, for a method in small letters, and for Authorization or " +
			"If-Match sent twice.",
	},
	{
		[]string{"nginx"}, "X-Request-Id", named("two request ids"),
		"If there are several X-Request-Id, nginx takes the first. The functions ignore all of them.",
	},
	{
		lambdas, "response", named("a replacement character"),
		"The gateways put U+FFFD in the place of bytes that are not UTF-8. It cannot be told from one that was sent, " +
			"and is refused as not UTF-8.",
	},
	{
		lambdas, "Content-Length",
		func(r request, direct response) bool { return r.Method == "HEAD" && direct.Status != 204 },
		"The gateways set Content-Length to the length of the body from the function, which is empty for HEAD.",
	},
	{
		[]string{"http-api"}, "response", named(
			"path /post/%2e", "path /post/%2E%2E/post", "path /%2e/post", "path /p%6Fst", "path /post/1%2F2",
			"path /post%2F1", "path /post/%2F", "path /%2F", "path /post/한글%2Fcomment",
			"path /post/%3Fsize=1", "path /post/1%3F", "path /timeline/ann.1%2F",
			"path /probe/echo/%ED%95%9C%2F%25?a=%ED%95%9C&b=+%2B", "path /user/%2E"),
		"An HTTP API passes on the decoded path, cut at a decoded question mark: %2F has become a slash, and a " +
			"response that repeats the path repeats the decoded one.",
	},
	{
		restAPI, "Www-Authenticate", unauthorized,
		"A REST API does not let a function set WWW-Authenticate, and renames it.",
	},
	{
		restAPI, "X-Amzn-Remapped-Www-Authenticate", unauthorized,
		"The name that a REST API gives WWW-Authenticate.",
	},
	{
		restAPI, "Content-Type", func(_ request, direct response) bool { return direct.Status == 204 },
		"A REST API adds a Content-Type to every response, also to 204.",
	},
	{
		restAPI, "response", func(r request, _ response) bool {
			return strings.HasSuffix(r.Name, ": a malformed query") ||
				named("a malformed query to change a post", "query size=1&x=%", "echoed query size=1&x=%",
					"query %=1", "echoed query %=1", "echoed query a=%FF")(r, response{})
		},
		"A REST API passes on the decoded query. Malformed escapes stay as they are, and bytes that are not UTF-8 " +
			"become U+FFFD, so the function cannot tell them from a well-formed query.",
	},
	{
		restAPI, "response", named("query size=1;2", "echoed query size=1;2"),
		"A REST API treats a semicolon as an ampersand.",
	},
	{
		[]string{"alb-single"}, "response", named(
			"query size=1&size=2", "query size=2&size=1", "echoed query size=1&size=2", "echoed query size=2&size=1",
			"echoed query a[]=1&a[]=2", "repeated headers", "two tokens", "two request ids"),
		"Without multi-value headers, a load balancer passes on the last of several values, and accepts one value " +
			"of each header in a response. Enable multi-value headers on the target group.",
	},
	{
		[]string{"http-api", "function-url"}, "X-Several", named("repeated headers"),
		"Payload 2.0 has one value of each header: several are joined by commas, which means the same.",
	},
}

var malformedPath = named("path /post/%", "path /post/%zz", "path /post/%2")

func named(names ...string) func(request, response) bool {
	return func(r request, _ response) bool { return slices.Contains(names, r.Name) }
}

func unauthorized(_ request, direct response) bool { return direct.Status == 401 }

// compare compares every transport with the first. A difference that is not listed is an error, and
// so is a listed one that does not occur for every request that it covers.
func compare(t *testing.T, requests []request, responses [][]response) {
	t.Helper()
	for _, d := range differences {
		covers := false
		for i, r := range requests {
			covers = covers || d.where(r, responses[0][i])
		}
		if !covers {
			t.Errorf("this difference covers no request: remove it from the list: %s", d.cause)
		}
	}
	for i := 1; i < len(transports); i++ {
		for j, r := range requests {
			compareOne(t, transports[i].name, r, responses[0][j], responses[i][j])
		}
	}
}

func compareOne(t *testing.T, transport string, r request, direct, other response) {
	t.Helper()
	found := unequal(direct, other)
	for _, d := range differences {
		if !slices.Contains(d.transports, transport) || !d.where(r, direct) {
			continue
		}
		if d.part == "response" && len(found) > 0 {
			found = nil
		} else if i := slices.Index(found, d.part); i >= 0 {
			found = slices.Delete(found, i, i+1)
		} else {
			t.Errorf("%s, %s: %s no longer differs: remove it from the list: %s", transport, r.Name, d.part, d.cause)
		}
	}
	for _, part := range found {
		t.Errorf("%s, %s: %s is %s, and on the socket %s",
			transport, r.Name, part, show(other, part), show(direct, part))
	}
}

// unequal returns the parts in which two responses differ: "status", "body", or names of headers.
func unequal(a, b response) (parts []string) {
	if a.Status != b.Status {
		parts = append(parts, "status")
	}
	if a.Body != b.Body {
		parts = append(parts, "body")
	}
	names := maps.Clone(a.Header)
	maps.Copy(names, b.Header)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !slices.Equal(a.Header[name], b.Header[name]) {
			parts = append(parts, name)
		}
	}
	return parts
}

// show formats a part of a response, at most 300 bytes of its body.
func show(r response, part string) string {
	switch {
	case part == "status":
		return fmt.Sprint(r.Status)
	case part == "body" && len(r.Body) > 300:
		return fmt.Sprintf("%.300q… (%d bytes)", r.Body, len(r.Body))
	case part == "body":
		return fmt.Sprintf("%q", r.Body)
	}
	return fmt.Sprintf("%q", r.Header[part])
}
