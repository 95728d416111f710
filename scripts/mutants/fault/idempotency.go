package fault

import (
	"net/http"
	"strings"
)

const idempotencyKey = "Idempotency-Key"

// idempotencyFaults are about Idempotency-Key.
func idempotencyFaults() (all []Fault) {
	for _, route := range []string{"POST /post", "POST /post/{id}/comment"} {
		add := func(what string, distort func(*exchange)) {
			all = append(all, Fault{route + ": " + what, route, distort})
		}
		add("the key is ignored", ignoring(idempotencyKey))
		add("no Idempotent-Replayed", withoutHeader("Idempotent-Replayed"))
		add("Idempotent-Replayed: false at first", func(x *exchange) {
			x.forward()
			if x.ok() && x.out.Get("Idempotent-Replayed") == "" {
				x.out.Set("Idempotent-Replayed", "false")
			}
		})
		add("a replay is 200", func(x *exchange) {
			x.forward()
			if x.out.Get("Idempotent-Replayed") != "" {
				x.status = http.StatusOK
			}
		})
		add("a replay has no Location", func(x *exchange) {
			x.forward()
			if x.out.Get("Idempotent-Replayed") != "" {
				x.out.Del("Location")
			}
		})
		add("another body is a replay", func(x *exchange) {
			key := x.header.Get(idempotencyKey) + x.header.Get("Authorization") + x.target
			x.forward()
			if x.ok() {
				x.remember(key, *x)
			} else if first, ok := x.recall(key).(exchange); ok && x.status == http.StatusUnprocessableEntity {
				x.status, x.out, x.response = first.status, first.out, first.response
			}
		})
		add("another body creates another", retry(422, func(x *exchange) { x.header.Del(idempotencyKey) }))
		add("blanks in a body do not count", func(x *exchange) {
			if object := x.sent(); object != nil && x.header.Get(idempotencyKey) != "" {
				x.body = encode(object)
			}
			x.forward()
		})
	}
	return append(append(all, keyFaults()...), Fault{"keys of all paths are one", "POST /post/{id}/comment",
		replays(func(x *exchange) string {
			return x.header.Get(idempotencyKey) + x.header.Get("Authorization") + string(x.body)
		})})
}

// keyFaults are about which keys are the same, and which are well-formed.
func keyFaults() (all []Fault) {
	for _, route := range []string{"POST /post", "POST /post/{id}/comment"} {
		add := func(what string, distort func(*exchange)) {
			all = append(all, Fault{route + ": " + what, route,
				distort})
		}
		add("keys of all users are one",
			replays(func(x *exchange) string { return x.header.Get(idempotencyKey) + x.target + string(x.body) }))
		add("idempotency keys in any case", request(func(x *exchange) {
			if key := x.header.Get(idempotencyKey); key != "" {
				x.header.Set(idempotencyKey, strings.ToLower(key))
			}
		}))
		add("a replay shows what is there now", func(x *exchange) {
			x.forward()
			if location := x.out.Get("Location"); x.out.Get("Idempotent-Replayed") != "" {
				first := *x
				x.method, x.target, x.body = http.MethodGet, location, nil
				x.forward()
				x.status, x.out = first.status, first.out
			}
		})
		add("failures are kept", func(x *exchange) {
			key := x.header.Get(idempotencyKey) + x.header.Get("Authorization")
			if first, ok := x.recall(key).(exchange); ok {
				x.status, x.out, x.response = first.status, first.out.Clone(), first.response
				return
			}
			x.forward()
			if x.status == http.StatusBadRequest && x.header.Get(idempotencyKey) != "" {
				x.remember(key, *x)
			}
		})
		add("a key of 255 is refused", refuses(400, "Idempotency-Key: 1 to 254", func(x *exchange) bool {
			return len(x.header.Get(idempotencyKey)) == 255
		}))
		add("a key of 256 is cut", request(func(x *exchange) {
			if key := x.header.Get(idempotencyKey); len(key) == 256 {
				x.header.Set(idempotencyKey, key[:255])
			}
		}))
		add("an empty key is none", request(func(x *exchange) {
			if x.header.Get(idempotencyKey) == "" {
				x.header.Del(idempotencyKey)
			}
		}))
		add("keys of any text", request(func(x *exchange) {
			x.header.Set(idempotencyKey, strings.Map(func(r rune) rune {
				if r <= ' ' || r > '~' {
					return 'x'
				}
				return r
			}, x.header.Get(idempotencyKey)))
			if x.header.Get(idempotencyKey) == "" {
				x.header.Del(idempotencyKey)
			}
		}))
		add("a second request does not wait", func(x *exchange) {
			key := "under way " + x.header.Get(idempotencyKey) + x.header.Get("Authorization")
			if x.header.Get(idempotencyKey) != "" && x.begin(key) {
				x.header.Del(idempotencyKey)
			}
			x.forward()
			x.remember(key, nil)
		})
	}
	return all
}

// begin notes that a request is under way, and reports whether one was.
func (x *exchange) begin(key string) bool {
	x.proxy.mu.Lock()
	defer x.proxy.mu.Unlock()
	before := x.proxy.stored[key]
	x.proxy.stored[key] = true
	return before != nil
}

// replays responds to requests with an idempotency key as to the first one with the same name.
func replays(name func(*exchange) string) func(*exchange) {
	return func(x *exchange) {
		key := name(x)
		if first, ok := x.recall(key).(exchange); ok && x.header.Get(idempotencyKey) != "" {
			x.status, x.out, x.response = first.status, first.out.Clone(), first.response
			x.out.Set("Idempotent-Replayed", "true")
			return
		}
		x.forward()
		if x.ok() {
			x.remember(key, *x)
		}
	}
}
