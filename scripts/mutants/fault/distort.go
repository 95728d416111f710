package fault

import (
	"net/http"
	"strings"
)

// The functions of this file make distortions.

// becomes replaces one status by another.
func becomes(from, to int) func(*exchange) {
	return func(x *exchange) {
		x.forward()
		if x.status == from {
			x.status = to
			if to == http.StatusOK && len(x.response) == 0 {
				x.succeed(to, map[string]any{})
			}
		}
	}
}

// errorBecomes replaces an error by another.
func errorBecomes(from, to int) func(*exchange) {
	return func(x *exchange) {
		x.forward()
		if x.status == from {
			hint, _ := decode(x.response).(map[string]any)["hint"].(string)
			x.fail(to, hint)
		}
	}
}

// body changes the body of a success.
func body(change func(x *exchange, object map[string]any)) func(*exchange) {
	return func(x *exchange) {
		x.forward()
		if object, ok := decode(x.response).(map[string]any); ok && x.ok() {
			change(x, object)
			x.response = encode(object)
		}
	}
}

// each changes the object of a success, or each item of a list.
func each(change func(object map[string]any)) func(*exchange) {
	return body(func(_ *exchange, object map[string]any) {
		items, isList := object["items"].([]any)
		if !isList {
			change(object)
			return
		}
		for _, item := range items {
			if item, ok := item.(map[string]any); ok {
				change(item)
			}
		}
	})
}

// without drops a member.
func without(name string) func(*exchange) { return each(func(o map[string]any) { delete(o, name) }) }

// renamed gives a member another name.
func renamed(name, to string) func(*exchange) {
	return each(func(o map[string]any) {
		o[to] = o[name]
		delete(o, name)
	})
}

// always gives a member a value.
func always(name string, value any) func(*exchange) {
	return each(func(o map[string]any) { o[name] = value })
}

// withoutHeader drops a header of each response.
func withoutHeader(name string) func(*exchange) { return header(name, "") }

// header sets a header of each response that has it.
func header(name, value string) func(*exchange) {
	return func(x *exchange) {
		x.forward()
		if x.out.Get(name) == "" {
			return
		}
		if value == "" {
			x.out.Del(name)
		} else {
			x.out.Set(name, value)
		}
	}
}

// ignoring drops a header of each request.
func ignoring(name string) func(*exchange) {
	return func(x *exchange) {
		x.header.Del(name)
		x.forward()
	}
}

// request changes each request.
func request(change func(x *exchange)) func(*exchange) {
	return func(x *exchange) {
		change(x)
		x.forward()
	}
}

// sending changes the object in the body of a request.
func sending(change func(object map[string]any)) func(*exchange) {
	return request(func(x *exchange) {
		if object := x.sent(); object != nil {
			change(object)
			x.body = encode(object)
		}
	})
}

// twice sends each request two times.
func twice(x *exchange) {
	x.forward()
	x.header.Del("Idempotency-Key")
	x.header.Del("If-Match")
	first := *x
	x.forward()
	x.status, x.out, x.response = first.status, first.out, first.response
}

// retry sends a request that got this status again, after a change.
func retry(status int, change func(x *exchange)) func(*exchange) {
	return func(x *exchange) {
		x.forward()
		if x.status == status {
			change(x)
			x.forward()
		}
	}
}

// refuses responds with an error to the requests that are selected.
func refuses(status int, hint string, selected func(x *exchange) bool) func(*exchange) {
	return func(x *exchange) {
		if selected(x) {
			x.refuse(status, hint)
			return
		}
		x.forward()
	}
}

// stays responds to a request that now gets this status as to the last one that succeeded: what was
// deleted or revoked stays.
func stays(status int) func(*exchange) {
	type success struct {
		status   int
		out      http.Header
		response []byte
	}
	return func(x *exchange) {
		key := x.method + x.target + x.header.Get("Authorization") + string(x.body)
		x.forward()
		if x.ok() {
			x.remember(key, success{x.status, x.out, x.response})
		} else if last, ok := x.recall(key).(success); ok && x.status == status {
			x.status, x.out, x.response = last.status, last.out, last.response
		}
	}
}

// stale responds to each request as to the first one like it.
func stale(x *exchange) {
	key := x.method + x.target + x.header.Get("Authorization")
	if x.method != http.MethodGet {
		x.forward()
		return
	}
	if first, ok := x.recall(key).(exchange); ok {
		x.status, x.out, x.response = first.status, first.out.Clone(), first.response
		x.out.Set("X-Request-Id", x.header.Get("X-Request-Id")+"stale")
		return
	}
	x.forward()
	if x.ok() {
		x.remember(key, *x)
	}
}

// hint changes the hint of each error.
func hint(change func(x *exchange, hint string) string) func(*exchange) {
	return func(x *exchange) {
		x.forward()
		if object, ok := decode(x.response).(map[string]any); ok && x.status >= http.StatusBadRequest {
			text, _ := object["hint"].(string)
			object["hint"] = change(x, text)
			x.response = encode(object)
		}
	}
}

// when distorts only the requests that are selected.
func when(selected func(x *exchange) bool, distort func(*exchange)) func(*exchange) {
	return func(x *exchange) {
		if selected(x) {
			distort(x)
		} else {
			x.forward()
		}
	}
}

func hasToken(x *exchange) bool { return x.header.Get("Authorization") != "" }

func noToken(x *exchange) bool { return !hasToken(x) }

// has reports whether a query has a parameter.
func has(name string) func(x *exchange) bool {
	return func(x *exchange) bool {
		_, parameters := x.query()
		return parameters.Has(name)
	}
}

// withoutParameter drops a parameter of the query.
func withoutParameter(name string) func(x *exchange) {
	return func(x *exchange) { x.setParameter(name, "") }
}

// setParameter sets a parameter of the query. An empty value drops it.
func (x *exchange) setParameter(name, value string) {
	path, parameters := x.query()
	parameters.Del(name)
	if value != "" {
		parameters.Set(name, value)
	}
	x.target = strings.TrimSuffix(path+"?"+parameters.Encode(), "?")
}
