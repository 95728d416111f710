package fault

import (
	"net/http"
	"slices"
	"strings"
)

// accountFaults are about users, passwords and deletion.
func accountFaults() []Fault {
	exactly := func(route string) Fault {
		return Fault{route + ": IDs are found in one case alone", route, refuses(404, "There is no such user.",
			func(x *exchange) bool { return x.lastPart() == strings.ToUpper(x.lastPart()) })}
	}
	return []Fault{
		exactly("GET /user/{id}"), exactly("GET /timeline/{id}"),
		{"POST /auth: IDs in one case alone", "POST /auth", refuses(401, "The ID or the password is wrong; check both.",
			func(x *exchange) bool { return x.text("id") == strings.ToUpper(x.text("id")) })},
		{"GET /user/{id}: IDs in small letters", "GET /user/{id}", each(func(o map[string]any) {
			id, _ := o["id"].(string)
			o["id"] = strings.ToLower(id)
		})},
		{"GET /check/id/{id}: everything is free", "GET /check/id/{id}", becomes(409, 200)},
		{"GET /check/id/{id}: taken in one case alone", "GET /check/id/{id}", func(x *exchange) {
			x.forward()
			if x.lastPart() == strings.ToLower(x.lastPart()) && x.status == http.StatusConflict {
				x.succeed(http.StatusOK, map[string]any{})
			}
		}},
		{"GET /check/id/{id}: ill-formed IDs are free", "GET /check/id/{id}", becomes(400, 200)},
		{"GET /check/id/{id}: says so in the body", "GET /check/id/{id}", always("free", true)},
		{"GET /check/id/{id}: takes the ID", "GET /check/id/{id}", func(x *exchange) {
			x.forward()
			if x.ok() && x.recall(x.target) != nil {
				x.fail(http.StatusConflict, "The ID is taken.")
			}
			x.remember(x.target, true)
		}},
		{"POST /signup: a taken ID is 201", "POST /signup", becomes(409, 201)},
		{"POST /signup: email is lost", "POST /signup", sending(func(o map[string]any) { delete(o, "email") })},
		{"POST /signup: intro is lost", "POST /signup", sending(func(o map[string]any) { delete(o, "intro") })},
		{"POST /signup: everybody is an administrator", "POST /signup", always("role", "admin")},
		{"POST /signup: role is ignored", "POST /signup", sending(func(o map[string]any) { delete(o, "role") })},
		{"GET /user: the role is user", "GET /user", always("role", "user")},
		{"GET /user: another user", "GET /user", stale},
		{"PATCH /user/nickname: changes the intro", "PATCH /user/nickname", always("intro", "changed")},
		{"PATCH /user/nickname: is not stored", "PATCH /user/nickname", notStored},
		{"PATCH /user/intro: is not stored", "PATCH /user/intro", notStored},
		{"PATCH /user/email: is not stored", "PATCH /user/email", notStored},
		{"PATCH /user/nickname: {} removes it", "PATCH /user/nickname", emptyIs("nickname")},
		{"PATCH /user/intro: {} removes it", "PATCH /user/intro", emptyIs("intro")},
		{"nicknames of owners are stale", "GET /post/{id}", each(func(o map[string]any) {
			if owner, ok := o["owner"].(map[string]any); ok {
				owner["nickname"] = nil
			}
		})},
		{"PATCH /user/email: the password is not checked", "PATCH /user/email", becomes(403, 200)},
		{"PATCH /user/email: the password may be left out", "PATCH /user/email", sending(func(o map[string]any) {
			if o["password"] == nil {
				o["password"] = "correct horse"
			}
		})},
		{"POST /user/deletion: the password is not checked", "POST /user/deletion", becomes(403, 204)},
		{"POST /user/deletion: a wrong password is 401", "POST /user/deletion", errorBecomes(403, 401)},
		{"PATCH /user/password: a wrong password is 401", "PATCH /user/password", errorBecomes(403, 401)},
		{"PATCH /user/email: a wrong password is 401", "PATCH /user/email", errorBecomes(403, 401)},
		{"PATCH /user/password: the password is not checked", "PATCH /user/password", becomes(403, 204)},
		{"PATCH /user/password: nothing is changed", "PATCH /user/password", noChange},
		{"POST /user/deletion: nothing is deleted", "POST /user/deletion", noChange},
		{"POST /auth: what was once right stays right", "POST /auth", stays(401)},
		{"users stay after deletion", "GET /user/{id}", stays(404)},
		{"timelines stay after deletion", "GET /timeline/{id}", stays(404)},
		{"reactions stay after deletion", "GET /post/{id}/reaction", stays(404)},
		{"IDs stay taken after deletion", "GET /check/id/{id}", func(x *exchange) {
			x.forward()
			if x.status == http.StatusConflict {
				x.remember(x.target, true)
			} else if x.recall(x.target) != nil {
				x.fail(http.StatusConflict, "The ID is taken.")
			}
		}},
		{"POST /temporary-password: unknown users get 404", "POST /temporary-password", refuses(404,
			"There is no such user.",
			func(x *exchange) bool { return x.text("id") != "" && x.recall("signed up "+x.text("id")) == nil })},
		{"POST /temporary-password: says so in the body", "POST /temporary-password", always("sent", true)},
	}
}

// noChange passes a valid request on with another method, and claims success.
func noChange(x *exchange) {
	isWhole := x.text("new_password") != "" || x.route == "POST /user/deletion"
	if isWhole && x.text("password") == "correct horse" && x.tokenWorks() {
		x.refuse(http.StatusNoContent, "")
		x.response = nil
		x.out.Del("Content-Type")
		return
	}
	x.forward()
}

// notStored responds as if a change had been made, and undoes it.
func notStored(x *exchange) {
	x.forward()
	if !x.ok() {
		return
	}
	done := *x
	object := x.sent()
	for name := range object {
		if name != "password" {
			object[name] = nil
		}
	}
	x.body = encode(object)
	x.forward()
	x.status, x.out, x.response = done.status, done.out, done.response
}

// emptyIs reads {} as null.
func emptyIs(name string) func(*exchange) {
	return request(func(x *exchange) {
		if object := x.sent(); object != nil && len(object) == 0 {
			x.body = encode(map[string]any{name: nil})
		}
	})
}

// tokenFaults are about sessions and tokens.
func tokenFaults() []Fault {
	all := []Fault{
		{"tokens without a look at the signature", "", unsigned(func(string) bool { return true })},
		{"tokens of alg none", "", unsigned(func(a string) bool { return strings.HasSuffix(a, ".") })},
		{"tokens without Bearer", "", unsigned(func(a string) bool { return strings.HasPrefix(a, "ey") })},
		{"tokens by Basic", "", unsigned(func(a string) bool { return strings.HasPrefix(a, "Basic ") })},
		{"tokens of four parts", "", unsigned(func(a string) bool { return strings.Count(a, ".") == 3 })},
		{"text after a token", "", unsigned(func(a string) bool { return strings.HasSuffix(a, " x") })},
		{"Bearer in one case alone", "", refuses(401, "Send Bearer.", func(x *exchange) bool {
			return hasToken(x) && !strings.HasPrefix(x.header.Get("Authorization"), "Bearer")
		})},
		{"POST /auth: a longer life", "POST /auth", always("expires_in", 3600)},
		{"POST /auth: token_type in small letters", "POST /auth", always("token_type", "bearer")},
		{"POST /auth: every session is restricted", "POST /auth", always("must_change_password", true)},
		{"POST /auth: no session is restricted", "POST /auth", always("must_change_password", false)},
		{"POST /refresh: no session is restricted", "POST /refresh", always("must_change_password", false)},
		{"POST /auth: unknown IDs have another hint", "POST /auth", hint(func(x *exchange, hint string) string {
			if x.status == http.StatusUnauthorized && x.recall("signed up "+x.text("id")) == nil {
				return "There is no such user."
			}
			return hint
		})},
		{"POST /auth: unknown IDs are 404", "POST /auth", errorBecomes(401, 404)},
		{"POST /auth: ill-formed passwords are 401", "POST /auth", errorBecomes(400, 401)},
		{"POST /auth: one session for all", "POST /auth", func(x *exchange) {
			key := "session of " + x.text("id") + x.text("password")
			if first, ok := x.recall(key).(exchange); ok {
				x.status, x.out, x.response = first.status, first.out.Clone(), first.response
				return
			}
			x.forward()
			if x.ok() {
				x.remember(key, *x)
			}
		}},
	}
	return slices.Concat(all, refreshFaults(), sessionFaults())
}

// refreshFaults are about refresh tokens.
func refreshFaults() []Fault {
	return []Fault{
		{"POST /refresh: tokens are not rotated", "POST /refresh", body(func(x *exchange, o map[string]any) {
			o["refresh_token"] = x.text("refresh_token")
		})},
		{"POST /refresh: the same successor again", "POST /refresh", func(x *exchange) {
			key := x.text("refresh_token")
			x.forward()
			if first, ok := x.recall(key).(exchange); ok && x.ok() {
				x.status, x.out, x.response = first.status, first.out.Clone(), first.response
			} else if x.ok() {
				x.remember(key, *x)
			}
		}},
		{"POST /refresh: no second successor", "POST /refresh", func(x *exchange) {
			key := x.text("refresh_token")
			if x.recall(key) != nil {
				x.refuse(http.StatusUnauthorized, "The refresh token was used.")
				return
			}
			x.remember(key, true)
			x.forward()
		}},
		{"POST /refresh: used tokens work for ever", "POST /refresh", stays(401)},
		{"POST /refresh: unknown tokens are 400", "POST /refresh", errorBecomes(401, 400)},
		{"POST /refresh: tokens are trimmed", "POST /refresh", sending(func(o map[string]any) {
			if token, ok := o["refresh_token"].(string); ok {
				o["refresh_token"] = strings.TrimSpace(token)
			}
		})},
	}
}

// sessionFaults are about sessions and keys.
func sessionFaults() []Fault {
	all := []Fault{
		{"DELETE /session/{id}: nothing ends", "DELETE /session/{id}", claim},
		{"DELETE /session: nothing ends", "DELETE /session", claim},
		{"DELETE /session/{id}: missing ones are 204", "DELETE /session/{id}", becomes(404, 204)},
		{"DELETE /session/{id}: ends them all", "DELETE /session/{id}", func(x *exchange) {
			x.forward()
			if x.ok() && x.lastPart() != "current" {
				x.target = "/session"
				x.forward()
			}
		}},
		{"DELETE /session: ends one", "DELETE /session", request(func(x *exchange) { x.target = "/session/current" })},
		{"GET /session: all are current", "GET /session", always("current", true)},
		{"GET /session: none is current", "GET /session", always("current", false)},
		{"GET /session: no User-Agent", "GET /session", always("user_agent", "")},
		{"GET /session: last_used_at stays", "GET /session",
			each(func(o map[string]any) { o["last_used_at"] = o["created_at"] })},
		{"a restricted session may do everything", "GET /user", becomes(403, 200)},
		{"a restricted session may post", "POST /post", becomes(403, 201)},
		{"a restricted session may sign out", "DELETE /session/{id}", becomes(403, 204)},
		{"a private key is published", "GET /.well-known/jwks.json", body(func(_ *exchange, o map[string]any) {
			for _, key := range o["keys"].([]any) { //nolint:forcetypeassert // as the server sends it
				key.(map[string]any)["d"] = "AAAA" //nolint:forcetypeassert // likewise
			}
		})},
		{"another key is published", "GET /.well-known/jwks.json", body(func(_ *exchange, o map[string]any) {
			for _, key := range o["keys"].([]any) { //nolint:forcetypeassert // as the server sends it
				key.(map[string]any)["x"] = strings.Repeat("A", 43) //nolint:forcetypeassert // likewise
			}
		})},
		{"a key without kid is published", "GET /.well-known/jwks.json", body(func(_ *exchange, o map[string]any) {
			for _, key := range o["keys"].([]any) { //nolint:forcetypeassert // as the server sends it
				delete(key.(map[string]any), "kid") //nolint:forcetypeassert // likewise
			}
		})},
	}
	for _, route := range []string{
		"GET /user", "GET /session", "GET /post", "GET /timeline", "GET /notification", "GET /comment/{id}",
		"GET /post/{id}/reaction", "GET /backoffice/stat/service",
	} {
		all = append(all, Fault{route + ": revoked tokens work", "", revoked(route)})
	}
	return all
}

// tokenWorks asks the server.
func (x *exchange) tokenWorks() bool {
	probe := exchange{method: http.MethodGet, target: "/user", header: x.header, proxy: x.proxy}
	probe.forward()
	return probe.ok()
}

// claim responds with 204 and does nothing.
func claim(x *exchange) {
	if !x.tokenWorks() {
		x.forward()
		return
	}
	x.refuse(http.StatusNoContent, "")
	x.response = nil
	x.out.Del("Content-Type")
}
