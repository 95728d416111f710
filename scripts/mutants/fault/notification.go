package fault

import (
	"encoding/json"
	"net/http"
	"strings"
)

// notificationFaults are about notifications.
func notificationFaults() []Fault {
	const list, count = "GET /notification", "GET /notification/unread-count"
	onlyType := func(kind json.Number) func(*exchange) {
		return body(func(_ *exchange, o map[string]any) {
			items, _ := o["items"].([]any)
			kept := []any{}
			for _, item := range items {
				if item, ok := item.(map[string]any); ok && item["type"] == kind {
					kept = append(kept, item)
				}
			}
			o["items"] = kept
		})
	}
	return []Fault{
		{"no notifications of comments", list, onlyType("2")},
		{"no notifications of reactions", list, onlyType("1")},
		{"types are swapped", list, each(func(o map[string]any) {
			if o["type"] == json.Number("1") {
				o["type"] = 2
			} else {
				o["type"] = 1
			}
		})},
		{"reaction_type stays null", list, always("reaction_type", nil)},
		{"comment_id stays null", list, always("comment_id", nil)},
		{"reaction_type is the first", list, stale},
		{"all are read", list, always("read", true)},
		{"none is read", list, always("read", false)},
		{"the filter is not applied", list, when(has("unread"), request(withoutParameter("unread")))},
		{"unread=false lists the read", list, when(has("unread"), each(func(o map[string]any) { o["read"] = true }))},
		{"a bad filter is ignored", list, retry(400, withoutParameter("unread"))},
		{"the count is one more", count, add("count", 1)},
		{"the count is one less", count, add("count", -1)},
		{"the count is stale", count, stale},
		{"one's own comments notify", count, func(x *exchange) {
			x.forward()
			if object, ok := decode(x.response).(map[string]any); ok && object["count"] == json.Number("0") {
				object["count"] = 1
				x.response = encode(object)
			}
		}},
		{"the count is of all", count, func(x *exchange) {
			x.forward()
			if x.recall("counted"+x.header.Get("Authorization")) == nil {
				x.remember("counted"+x.header.Get("Authorization"), *x)
			} else if first, ok := x.recall("counted" + x.header.Get("Authorization")).(exchange); ok && x.ok() {
				x.response = first.response
			}
		}},
	}
}

// readFaults are about how notifications become read.
func readFaults() []Fault {
	const mark, markAll = "PATCH /notification/{id}", "POST /notification/read"
	return []Fault{
		{"PATCH /notification/{id}: nothing is stored", mark, func(x *exchange) {
			if object := x.sent(); object["read"] == true {
				x.body = encode(map[string]any{"read": false})
				x.forward()
				if object, ok := decode(x.response).(map[string]any); ok && x.ok() {
					object["read"] = true
					x.response = encode(object)
				}
				return
			}
			x.forward()
		}},
		{"PATCH /notification/{id}: never unread again", mark, sending(func(o map[string]any) {
			if o["read"] == false {
				o["read"] = true
			}
		})},
		{"PATCH /notification/{id}: another user's is 403", mark, errorBecomes(404, 403)},
		{"PATCH /notification/{id}: another user's is 200", mark, becomes(404, 200)},
		{"POST /notification/read: up_to is ignored", markAll, request(func(x *exchange) {
			if x.sent()["up_to"] != nil && !strings.Contains(string(x.body), `"up_to":0`) {
				x.body = nil
			}
		})},
		{"POST /notification/read: up_to is left out", markAll, sending(func(o map[string]any) {
			if number, ok := o["up_to"].(json.Number); ok {
				o["up_to"] = sum(number, -1)
			}
		})},
		{"POST /notification/read: counts all", markAll, add("count", 1)},
		{"POST /notification/read: counts none", markAll, always("count", 0)},
		{"POST /notification/read: nothing is read", markAll, func(x *exchange) {
			if noToken(x) || len(x.body) > 0 {
				x.forward()
				return
			}
			x.method, x.target = http.MethodGet, "/notification/unread-count"
			x.forward()
		}},
		{"POST /notification/read: a body is needed", markAll, refuses(400, "Send a body.", func(x *exchange) bool {
			return hasToken(x) && len(x.body) == 0
		})},
		{"POST /notification/read: {} is refused", markAll, refuses(400, "up_to is missing.", func(x *exchange) bool {
			return hasToken(x) && x.sent() != nil && len(x.sent()) == 0
		})},
	}
}
