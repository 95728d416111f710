package fault

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// add adds to a number of a response.
func add(name string, n int64) func(*exchange) {
	return each(func(o map[string]any) { o[name] = sum(o[name], n) })
}

func sum(value any, n int64) any {
	number, _ := value.(json.Number)
	i, err := number.Int64()
	if err != nil || i+n < 0 {
		return value
	}
	return json.Number(strconv.FormatInt(i+n, 10))
}

// counts changes the counters of reactions.
func counts(change func(counts map[string]any)) func(*exchange) {
	return each(func(o map[string]any) {
		if all, ok := o["reactions"].(map[string]any); ok {
			change(all)
		}
	})
}

// postFaults are about posts and comments.
func postFaults() (all []Fault) {
	for _, of := range [][2]string{{"post", "/post"}, {"comment", "/post/{id}/comment"}} {
		kind, path := of[0], of[1]
		create, list, one := "POST "+path, "GET "+path, "GET /"+kind+"/{id}"
		edit, remove := "PATCH /"+kind+"/{id}", "DELETE /"+kind+"/{id}"
		all = append(all,
			Fault{create + ": twice", create, twice},
			Fault{create + ": modified from the start", create, always("modified", true)},
			Fault{create + ": the content is cut", create, each(func(o map[string]any) {
				if text, _ := o["content"].(string); len(text) > 1 {
					o["content"] = text[:1]
				}
			})},
			Fault{one + ": is stale", one, stale},
			Fault{list + ": is stale", list, stale},
			Fault{one + ": deleted ones stay", one, stays(404)},
			Fault{one + ": never modified", one, always("modified", false)},
			Fault{edit + ": never modified", edit, always("modified", false)},
			Fault{edit + ": always modified", edit, always("modified", true)},
			Fault{edit + ": is not stored", edit, notStoredContent},
			Fault{edit + ": created_at moves", edit, always("created_at", "2026-01-01T00:00:00.000000Z")},
			Fault{edit + ": reactions are lost", edit, counts(func(c map[string]any) {
				for kind := range c {
					c[kind] = 0
				}
			})},
			Fault{remove + ": nothing is deleted", remove, claim},
			Fault{remove + ": again is 204", remove, becomes(404, 204)},
			Fault{one + ": my_reaction is of somebody", one, each(func(o map[string]any) {
				if o["my_reaction"] == nil {
					o["my_reaction"] = 1
				}
			})},
			Fault{one + ": my_reaction is null", one, always("my_reaction", nil)},
			Fault{list + ": my_reaction is null", list, always("my_reaction", nil)},
			Fault{one + ": counters are one less", one, counts(func(c map[string]any) {
				for kind := range c {
					c[kind] = sum(c[kind], -1)
				}
			})},
			Fault{one + ": counters of 2 are 1", one, counts(func(c map[string]any) {
				for kind := range c {
					if c[kind] == json.Number("2") {
						c[kind] = 1
					}
				}
			})},
			Fault{list + ": counters are zero", list, counts(func(c map[string]any) {
				for kind := range c {
					c[kind] = 0
				}
			})},
			Fault{one + ": the owner is the viewer", one, each(func(o map[string]any) {
				owner, _ := o["owner"].(map[string]any)
				owner["id"] = "somebody"
			})},
		)
	}
	return append(append(all, timelineFaults()...), Fault{"GET /post: deleted ones stay", "GET /post", keepsItems})
}

// keepsItems adds what an earlier page had to a page that no longer has it.
func keepsItems(x *exchange) {
	x.forward()
	object, _ := decode(x.response).(map[string]any)
	items, isList := object["items"].([]any)
	if !isList || has("cursor")(x) {
		return
	}
	key := x.target + x.header.Get("Authorization")
	last, _ := x.recall(key).([]any)
	x.remember(key, items)
	id := func(item any) any { return item.(map[string]any)["id"] } //nolint:forcetypeassert // as the server sends it
	for _, old := range last {
		if !slices.ContainsFunc(items, func(item any) bool { return id(item) == id(old) }) {
			items = append(items, old)
		}
	}
	object["items"] = items
	x.response = encode(object)
}

// timelineFaults are about timelines, and comments of posts.
func timelineFaults() []Fault {
	return []Fault{
		{"GET /post/{id}: comment_count is one less", "GET /post/{id}", add("comment_count", -1)},
		{"GET /post/{id}: comment_count is one more", "GET /post/{id}", add("comment_count", 1)},
		{"GET /timeline/{id}: comment_count is zero", "GET /timeline/{id}", always("comment_count", 0)},
		{"GET /timeline/{id}: is stale", "GET /timeline/{id}", stale},
		{"GET /timeline: all posts", "GET /timeline", request(func(x *exchange) {
			if hasToken(x) {
				x.target = strings.Replace(x.target, "/timeline", "/post", 1)
			}
		})},
		{"GET /timeline/{id}: missing users have an empty one", "GET /timeline/{id}", func(x *exchange) {
			x.forward()
			if x.status == http.StatusNotFound {
				x.succeed(http.StatusOK, map[string]any{"items": []any{}, "next": nil})
			}
		}},
		{"GET /post/{id}/comment: missing posts have none", "GET /post/{id}/comment", func(x *exchange) {
			x.forward()
			if x.status == http.StatusNotFound {
				x.succeed(http.StatusOK, map[string]any{"items": []any{}, "next": nil})
			}
		}},
		{"POST /post/{id}/comment: missing posts are 400", "POST /post/{id}/comment", errorBecomes(404, 400)},
		{"post_id is that of the comment", "GET /comment/{id}",
			each(func(o map[string]any) { o["post_id"] = o["id"] })},
	}
}

// notStoredContent responds as if an edit had been made, and undoes it.
func notStoredContent(x *exchange) {
	edit := x.body
	x.method = http.MethodGet
	x.body = nil
	x.forward()
	before, _ := decode(x.response).(map[string]any)
	x.method, x.body = http.MethodPatch, edit
	x.forward()
	if content, ok := before["content"].(string); ok && x.ok() {
		done := *x
		x.header.Del("If-Match")
		x.body = encode(map[string]any{"content": content})
		x.forward()
		x.status, x.out, x.response = done.status, done.out, done.response
	}
}
