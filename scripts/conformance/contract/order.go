package contract

import (
	"net/http"
	"strings"

	"minifb/scripts/conformance/check"
)

const order = "Checks are made in this order: route, token, media type and body, existence, permission, conflict."

// orderCases check which error a request gets that deserves several.
func orderCases() []check.Case {
	var all list
	all.add("order/route before token", order, func(t *check.T) {
		t.Send(check.Request{Do: "GET /nowhere", Header: bearer("bad")}).Want(http.StatusNotFound)
	})
	all.add("order/method before token", order, func(t *check.T) {
		t.Send(check.Request{Do: "PUT /post", Header: bearer("bad"), Body: "{"}).Want(http.StatusMethodNotAllowed)
	})
	for _, r := range routes {
		if r.body == "" {
			continue
		}
		if r.access != anyone {
			all.add("order/"+r.String()+": token before media type", order, func(t *check.T) {
				t.Send(check.Request{Do: r.to(missing), Body: "{", Type: "text/plain"}).Want(http.StatusUnauthorized)
			})
			all.add("order/"+r.String()+": token before body", order, func(t *check.T) {
				t.Send(check.Request{Do: r.to(missing), Body: "{"}).Want(http.StatusUnauthorized)
			})
			all.add("order/"+r.String()+": token before size", order, func(t *check.T) {
				t.Send(check.Request{Do: r.to(missing), Body: r.body + strings.Repeat(" ", 64<<10)}).
					Want(http.StatusUnauthorized)
			})
		}
		if strings.Contains(r.path, "{id}") {
			all.add("order/"+r.String()+": body before existence", order, func(t *check.T) {
				t.Send(check.Request{Do: r.to(missing), As: t.Borrow(), Body: "{}"}).Want(http.StatusBadRequest)
			})
			all.add("order/"+r.String()+": media type before existence", order, func(t *check.T) {
				t.Send(check.Request{Do: r.to(missing), As: t.Borrow(), Body: r.body, Type: "text/plain"}).
					Want(http.StatusUnsupportedMediaType)
			})
		}
		all.add("order/"+r.String()+": media type before body", order, func(t *check.T) {
			request := check.Request{Do: r.to(missing), Body: "{", Type: "text/plain"}
			if r.access != anyone {
				request.As = t.Borrow()
			}
			t.Send(request).Want(http.StatusUnsupportedMediaType)
		})
	}
	for _, kind := range []string{"post", "comment"} {
		all.add("order/"+kind+": body before permission", order, func(t *check.T) {
			path := newThing(t, t.Borrow(), kind)
			t.Send(check.Request{Do: "PATCH " + path, As: t.Borrow(), Body: "{}"}).Want(http.StatusBadRequest)
		})
		all.add("order/"+kind+": permission before If-Match", order, func(t *check.T) {
			path := newThing(t, t.Borrow(), kind)
			other := t.Borrow()
			for _, do := range []string{"PATCH ", "DELETE "} {
				request := check.Request{Do: do + path, As: other, Header: []string{`If-Match: "none"`}}
				if do == "PATCH " {
					request.Body = check.JSON{"content": "x"}
				}
				t.Send(request).Want(http.StatusForbidden)
			}
		})
		all.add("order/"+kind+": existence before If-Match", order, func(t *check.T) {
			request := check.Request{
				Do: "DELETE /" + kind + "/" + missing, As: t.Borrow(), Header: []string{`If-Match: "none"`},
			}
			t.Send(request).Want(http.StatusNotFound)
			request.Do, request.Body = "PATCH /"+kind+"/"+missing, check.JSON{"content": "x"}
			t.Send(request).Want(http.StatusNotFound)
		})
	}
	all.add("order/signup: body before conflict", order, func(t *check.T) {
		t.Send(check.Request{Do: "POST /signup", Body: check.JSON{"id": t.Borrow().ID, "password": password,
			"name": "x"}}).
			Want(http.StatusBadRequest)
	})
	all.add("order/idempotency: existence before conflict", order, func(t *check.T) {
		t.Send(check.Request{
			Do: "POST /post/" + missing + "/comment", As: t.Borrow(), Body: check.JSON{"content": "x"},
			Header: key(t.NewID()),
		}).Want(http.StatusNotFound)
	})
	return all
}
