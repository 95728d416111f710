package parity

import (
	"slices"
	"strings"
	"testing"
)

// A difference is one that stays, and why.
type difference struct {
	ways  []string // those that differ from the direct one
	part  string   // "status", "body", a header's name, or "answer" for whatever parts
	where func(request, reply) bool
	cause string
}

var (
	allOthers = []string{"nginx", "http-api", "rest-api", "function-url", "alb", "alb-single"}
	lambdas   = allOthers[1:]
	rest      = []string{"rest-api"}
)

var differences = []difference{
	{
		allOthers, "answer", named("path /post/%", "path /post/%zz", "path /post/%2"),
		"Go's HTTP server answers a target that it cannot read itself, in plain text, before any handler; nginx and the functions on Lambda answer in the contract's shape, " +
			"400, and behind an HTTP API, where a bare % cannot be told from %25, 404.",
	},
	{
		[]string{"nginx"}, "answer", named("path /post/%00", "two tokens", "one of two revisions", "the method get"),
		"nginx itself answers 400 to U+0000 in a path, to a method in small letters, and to Authorization or If-Match sent twice.",
	},
	{
		[]string{"nginx"}, "X-Request-Id", named("two ids"),
		"Of several X-Request-Id nginx takes the first for the caller's; the functions take them all together for none.",
	},
	{
		lambdas, "Content-Length", func(r request, direct reply) bool { return r.Method == "HEAD" && direct.Status != 204 },
		"The gateways count the body that the function returns, which HEAD has none of.",
	},
	{
		[]string{"http-api"}, "answer", named(
			"path /post/%2e", "path /post/%2E%2E/post", "path /%2e/post", "path /p%6Fst", "path /post/1%2F2", "path /post%2F1", "path /post/%2F", "path /post/%3Fsize=1", "path /post/1%3F",
			"path /timeline/ann.1%2F", "path /trial/echo/%ED%95%9C%2F%25?a=%ED%95%9C&b=+%2B", "path /user/%2E"),
		"An HTTP API hands on the path decoded, and cut at what then is a question mark: %2F has become a slash, and an answer that repeats the path repeats it so.",
	},
	{
		rest, "Www-Authenticate", unauthorized,
		"A REST API does not let a function set WWW-Authenticate, and renames it.",
	},
	{
		rest, "X-Amzn-Remapped-Www-Authenticate", unauthorized,
		"This is what a REST API renames it to.",
	},
	{
		rest, "Content-Type", func(_ request, direct reply) bool { return direct.Status == 204 },
		"A REST API gives every answer a Content-Type, 204 too.",
	},
	{
		rest, "answer", func(r request, _ reply) bool {
			return strings.HasSuffix(r.Name, ": a malformed query") || named("a malformed query to change a post", "query size=1&x=%", "echoed query size=1&x=%",
				"query %=1", "echoed query %=1", "echoed query a=%FF")(r, reply{})
		},
		"A REST API hands on the query decoded, what is malformed as it stands, and bytes that are not UTF-8 as U+FFFD: nothing of it can be told from what was well-formed.",
	},
	{
		rest, "answer", named("query size=1;2", "echoed query size=1;2"),
		"A REST API takes a semicolon for an ampersand.",
	},
	{
		[]string{"alb-single"}, "answer", named("query size=1&size=2", "query size=2&size=1", "echoed query size=1&size=2", "echoed query size=2&size=1", "echoed query a[]=1&a[]=2",
			"repeated headers", "two tokens", "two ids"),
		"A load balancer whose target group has multi-value headers left off hands on the last of several values alone, and takes one value a header in an answer. Turn them on.",
	},
	{
		[]string{"http-api", "function-url"}, "X-Several", named("repeated headers"),
		"Payload 2.0 has one value a header: several become one, with commas, which means the same.",
	},
}

func named(names ...string) func(request, reply) bool {
	return func(r request, _ reply) bool { return slices.Contains(names, r.Name) }
}

func unauthorized(_ request, direct reply) bool { return direct.Status == 401 }

// compare holds every way against the first one. It demands that each difference be listed, and that each one listed be there,
// for every request that it speaks of.
func compare(t *testing.T, requests []request, answers [][]reply) {
	t.Helper()
	for _, d := range differences {
		if !slices.ContainsFunc(requests, func(r request) bool {
			return d.where(r, answers[0][slices.IndexFunc(requests, func(o request) bool { return o.Name == r.Name })])
		}) {
			t.Errorf("this difference speaks of no request any more; take it from the list: %s", d.cause)
		}
	}
	for w := 1; w < len(ways); w++ {
		for i, r := range requests {
			direct, other := answers[0][i], answers[w][i]
			found := unequal(direct, other)
			for _, d := range differences {
				if !slices.Contains(d.ways, ways[w].name) || !d.where(r, direct) {
					continue
				}
				if d.part == "answer" && len(found) > 0 {
					found = nil
				} else if at := slices.Index(found, d.part); at >= 0 {
					found = slices.Delete(found, at, at+1)
				} else {
					t.Errorf("%s, %s: no longer another %s; take it from the list: %s", ways[w].name, r.Name, d.part, d.cause)
				}
			}
			for _, part := range found {
				t.Errorf("%s, %s: %s is %s, and %s when asked directly", ways[w].name, r.Name, part, show(other, part), show(direct, part))
			}
		}
	}
}
