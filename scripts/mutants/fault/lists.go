package fault

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// lists are the routes that have pages.
var lists = []string{
	"GET /post", "GET /timeline", "GET /timeline/{id}", "GET /post/{id}/comment", "GET /post/{id}/reaction",
	"GET /comment/{id}/reaction", "GET /notification", "GET /session",
}

// listFaults are about pages.
func listFaults() (all []Fault) {
	for i, route := range lists {
		add := func(what string, distort func(*exchange)) {
			all = append(all, Fault{route + ": " + what, route, distort})
		}
		items := func(change func(items []any) []any) func(*exchange) {
			return body(func(_ *exchange, o map[string]any) {
				if items, ok := o["items"].([]any); ok {
					o["items"] = change(items)
				}
			})
		}
		add("oldest first", items(func(items []any) []any {
			slices.Reverse(items)
			return items
		}))
		add("the next page begins with an item of this one", when(has("cursor"), items(func(items []any) []any {
			if len(items) > 0 {
				return append(items[:1:1], items...)
			}
			return items
		})))
		add("the next page skips an item", when(has("cursor"), items(func(items []any) []any {
			if len(items) > 0 {
				return items[1:]
			}
			return items
		})))
		add("a bad cursor begins again", retry(400, withoutParameter("cursor")))
		add("a bad size is the default", retry(400, withoutParameter("size")))
		add("a size of 101 is 100", request(func(x *exchange) {
			if _, parameters := x.query(); parameters.Get("size") == "101" {
				x.setParameter("size", "100")
			}
		}))
		add("a size of 0 is 1", request(func(x *exchange) {
			if _, parameters := x.query(); parameters.Get("size") == "0" {
				x.setParameter("size", "1")
			}
		}))
		add("pages by offset", byOffset)
		add("no next page", body(func(_ *exchange, o map[string]any) { o["next"] = nil }))
		common := commonFaults()[i] // what is common to all lists is planted in one each
		add(common.Name, common.distort)
	}
	all = append(all, Fault{"GET /timeline: cursors are not those of one user", "GET /timeline", retry(400,
		func(x *exchange) {
			if _, parameters := x.query(); len(parameters.Get("cursor")) > 10 {
				x.setParameter("cursor", "")
			}
		})}, Fault{"GET /notification: next loses the filter", "GET /notification", body(func(_ *exchange,
		o map[string]any) {
		if next, ok := o["next"].(string); ok {
			o["next"] = strings.Replace(strings.Replace(next, "unread=true&", "", 1), "&unread=true", "", 1)
		}
	})}, Fault{"GET /post: an item of a list has no owner's name", "GET /post", each(func(o map[string]any) {
		if owner, ok := o["owner"].(map[string]any); ok {
			delete(owner, "name")
		}
	})})
	return all
}

// commonFaults are as many as there are lists.
func commonFaults() []Fault {
	return []Fault{
		{"next is a URL", "", body(func(_ *exchange, o map[string]any) {
			if next, ok := o["next"].(string); ok {
				o["next"] = "http://localhost" + next
			}
		})},
		{"always a next page", "", body(func(x *exchange, o map[string]any) {
			if o["next"] == nil && o["items"] != nil {
				path, _ := x.query()
				o["next"] = path + "?cursor=x&size=1"
			}
		})},
		{"next without its size", "", body(func(_ *exchange, o map[string]any) {
			if next, ok := o["next"].(string); ok {
				o["next"] = strings.Replace(strings.Replace(next, "&size=", "&n=", 1), "?size=", "?n=", 1)
			}
		})},
		{"10 by default", "", request(func(x *exchange) {
			if !has("size")(x) {
				x.setParameter("size", "10")
			}
		})},
		{"at most 20", "", request(func(x *exchange) {
			_, parameters := x.query()
			if n, err := strconv.Atoi(parameters.Get("size")); err == nil && n > 20 && n <= 100 {
				x.setParameter("size", "20")
			}
		})},
		{"the size is ignored", "", request(func(x *exchange) {
			_, parameters := x.query()
			if n, err := strconv.Atoi(parameters.Get("size")); err == nil && n > 0 && n < 20 {
				x.setParameter("size", "20")
			}
		})},
		{"one more than asked for", "", request(func(x *exchange) {
			_, parameters := x.query()
			if n, err := strconv.Atoi(parameters.Get("size")); err == nil && n > 0 && n < 100 {
				x.setParameter("size", strconv.Itoa(n+1))
			}
		})},
		{"next without a slash", "", body(func(_ *exchange, o map[string]any) {
			if next, ok := o["next"].(string); ok {
				o["next"] = strings.TrimPrefix(next, "/")
			}
		})},
	}
}

// byOffset replaces cursors by the number of items before the page.
func byOffset(x *exchange) {
	path, parameters := x.query()
	size, err := strconv.Atoi(parameters.Get("size"))
	text, ok := base64.RawURLEncoding.DecodeString(parameters.Get("cursor"))
	offset, bad := strconv.Atoi(string(text))
	if err != nil || size < 1 || size > 50 || parameters.Has("cursor") && (ok != nil || bad != nil || offset < 1) {
		x.forward()
		return
	}
	filter := parameters.Get("unread")
	x.target = path + "?size=100"
	if filter != "" {
		x.target += "&unread=" + filter
	}
	x.forward()
	object, _ := decode(x.response).(map[string]any)
	items, isList := object["items"].([]any)
	if !isList || x.status != http.StatusOK {
		return
	}
	offset = min(offset, len(items))
	end := min(offset+size, len(items))
	object["items"], object["next"] = items[offset:end], nil
	if end < len(items) {
		x.setParameter("size", strconv.Itoa(size))
		x.setParameter("cursor", base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end))))
		object["next"] = x.target
	}
	x.response = encode(object)
}
