package fault

import (
	"encoding/json"
	"net/http"
)

// reactionFaults are about reactions to posts and to comments.
func reactionFaults() (all []Fault) {
	for _, kind := range []string{"post", "comment"} {
		path := " /" + kind + "/{id}/reaction"
		put, cancel, list := "PUT"+path, "DELETE"+path, "GET"+path
		all = append(all,
			Fault{put + ": always 201", put, becomes(200, 201)},
			Fault{put + ": always 200", put, becomes(201, 200)},
			Fault{put + ": never modified", put, always("modified", false)},
			Fault{put + ": always modified", put, always("modified", true)},
			Fault{put + ": the first type stays", put, func(x *exchange) {
				key := x.target + x.header.Get("Authorization")
				if first, ok := x.recall(key).([]byte); ok {
					x.body = first
				}
				sent := x.body
				x.forward()
				if x.ok() {
					x.remember(key, sent)
				}
			}},
			Fault{put + ": the same again is 404", put, errorOnSecond},
			Fault{put + ": two at a time are a conflict", put, func(x *exchange) {
				key := "under way " + x.target + x.header.Get("Authorization")
				if x.begin(key) {
					x.refuse(http.StatusConflict, "Another request is under way.")
					return
				}
				x.forward()
				x.remember(key, nil)
			}},
			Fault{put + ": type 5 is stored as 4", put, sending(func(o map[string]any) {
				if o["type"] == json.Number("5") {
					o["type"] = 4
				}
			})},
			Fault{cancel + ": nothing is canceled", cancel, claim},
			Fault{cancel + ": none is 204", cancel, becomes(404, 204)},
			Fault{list + ": canceled ones stay", list, func(x *exchange) {
				x.forward()
				object, _ := decode(x.response).(map[string]any)
				items, isList := object["items"].([]any)
				if last, ok := x.recall(x.target).([]byte); ok && isList && len(items) == 0 {
					x.response = last
				} else if isList && len(items) > 0 {
					x.remember(x.target, x.response)
				}
			}},
			Fault{list + ": is stale", list, stale},
			Fault{list + ": never modified", list, always("modified", false)},
			Fault{list + ": always modified", list, always("modified", true)},
			Fault{list + ": all are of type 1", list, always("type", 1)},
			Fault{list + ": missing ones have none", list, func(x *exchange) {
				x.forward()
				if x.status == http.StatusNotFound {
					x.succeed(http.StatusOK, map[string]any{"items": []any{}, "next": nil})
				}
			}},
		)
	}
	return all
}

// errorOnSecond refuses a request that was sent before.
func errorOnSecond(x *exchange) {
	key := x.target + x.header.Get("Authorization") + string(x.body)
	if x.recall(key) != nil {
		x.refuse(http.StatusNotFound, "There is none.")
		return
	}
	x.remember(key, true)
	x.forward()
}
