package fault

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

func isMissing(x *exchange) bool { return strings.Contains(x.target, "9223372036854775807") }

// orderFaults make checks in another order.
func orderFaults() []Fault {
	badBody := func(x *exchange) bool { return len(x.body) > 0 && x.sent() == nil }
	otherType := func(x *exchange) bool {
		return len(x.body) > 0 && !strings.HasPrefix(strings.ToLower(x.header.Get("Content-Type")), "application/json")
	}
	return append([]Fault{
		{"the body is checked before the token", "", refuses(400, "The body is malformed.", func(x *exchange) bool {
			return noToken(x) && badBody(x) && !otherType(x) && x.route != ""
		})},
		{"the media type is checked before the token", "", refuses(415, "Send JSON.", func(x *exchange) bool {
			return noToken(x) && otherType(x) && x.route != ""
		})},
		{"the size is checked before the token", "", refuses(413, "The body is too large.", func(x *exchange) bool {
			return noToken(x) && len(x.body) > 64<<10
		})},
		{"the body is checked before the media type", "", refuses(400, "The body is malformed.",
			func(x *exchange) bool {
				return hasToken(x) && badBody(x) && otherType(x) && len(x.body) < 64<<10
			})},
		{"existence is checked before the token", "", refuses(404, "There is no such thing.", func(x *exchange) bool {
			return noToken(x) && isMissing(x) && x.method != http.MethodOptions && x.route != "" &&
				x.method != http.MethodGet
		})},
		{"the token is checked before the route", "", refuses(401, "Sign in.", func(x *exchange) bool {
			return x.route == "" && x.header.Get("Authorization") == "Bearer bad"
		})},
	}, existenceFaults()...)
}

// existenceFaults look a thing up too early.
func existenceFaults() (all []Fault) {
	for _, route := range []string{
		"PATCH /post/{id}", "PATCH /comment/{id}", "PUT /post/{id}/reaction", "POST /post/{id}/comment",
		"PATCH /notification/{id}",
	} {
		all = append(all, Fault{route + ": existence is checked before the body", route,
			refuses(404, "There is no such thing.", func(x *exchange) bool { return hasToken(x) && isMissing(x) })})
	}
	for _, route := range []string{"PATCH /post/{id}", "DELETE /post/{id}", "PATCH /comment/{id}",
		"DELETE /comment/{id}"} {
		all = append(all,
			Fault{route + ": If-Match is checked before the owner", route, func(x *exchange) {
				x.forward()
				if x.status == http.StatusForbidden && x.header.Get("If-Match") != "" {
					x.fail(http.StatusPreconditionFailed, "It has changed.")
				}
			}},
			Fault{route + ": a missing one does not match", route, func(x *exchange) {
				x.forward()
				if x.status == http.StatusNotFound && x.header.Get("If-Match") != "" {
					x.fail(http.StatusPreconditionFailed, "It has changed.")
				}
			}})
	}
	return all
}

// accessFaults let in whom the contract does not.
func accessFaults() (all []Fault) {
	for _, route := range []string{
		"GET /user/{id}", "GET /post", "GET /post/{id}", "GET /timeline/{id}", "GET /post/{id}/comment",
		"GET /comment/{id}",
		"GET /post/{id}/reaction", "GET /comment/{id}/reaction",
	} {
		all = append(all,
			Fault{route + ": a bad token is anonymous", route, retry(401,
				func(x *exchange) { x.header.Del("Authorization") })},
			Fault{route + ": a token is needed", route, refuses(401, "Sign in.", noToken)})
	}
	for _, route := range []string{"GET /check/id/{id}", "POST /signup", "POST /auth", "POST /refresh",
		"POST /temporary-password",
		"GET /.well-known/jwks.json", "GET /", "GET /openapi.json"} {
		all = append(all, Fault{route + ": a bad token is refused", route, refuses(401, "The token is not valid.",
			hasToken)})
	}
	for _, route := range []string{
		"GET /backoffice/stat/server", "GET /backoffice/stat/service", "GET /backoffice/stat/series",
		"GET /backoffice/temporary-password", "POST /backoffice/user/{id}/temporary-password",
	} {
		all = append(all, Fault{route + ": users may", route, func(x *exchange) {
			sent := x.header.Get("Authorization")
			x.forward()
			switch token, _ := x.recall("administrator").(string); {
			case x.ok():
				x.remember("administrator", sent)
			case x.status == http.StatusForbidden && token != "":
				x.header.Set("Authorization", token)
				x.forward()
			case x.status == http.StatusForbidden:
				x.succeed(http.StatusOK, map[string]any{})
			}
		}})
	}
	for _, route := range []string{"GET /user", "GET /timeline", "GET /notification", "GET /session"} {
		all = append(all, Fault{route + ": without a token it is empty", route, func(x *exchange) {
			x.forward()
			if noToken(x) && x.status == http.StatusUnauthorized {
				x.succeed(http.StatusOK, map[string]any{"items": []any{}, "next": nil})
			}
		}})
	}
	for _, route := range []string{"PATCH /post/{id}", "DELETE /post/{id}", "PATCH /comment/{id}",
		"DELETE /comment/{id}"} {
		all = append(all, Fault{route + ": anybody may", route, (*exchange).asOwner},
			Fault{route + ": others get 404", route, errorBecomes(403, 404)})
	}
	return append(all, Fault{"the owner of a post may delete its comments", "DELETE /comment/{id}", func(x *exchange) {
		comment, _ := x.query()
		post := strings.TrimSuffix(x.recallText("list of "+comment), "/comment")
		if x.header.Get("Authorization") == x.recallText("creator of "+post) {
			x.asOwner()
		} else {
			x.forward()
		}
	}})
}

// asOwner sends a request that was forbidden again, with the token by which the thing was made.
func (x *exchange) asOwner() {
	x.forward()
	path, _ := x.query()
	if owner := x.recallText("creator of " + path); x.status == http.StatusForbidden && owner != "" {
		x.header.Set("Authorization", owner)
		x.forward()
	}
}

// subject returns the user of a token, without a look at its signature.
func subject(authorization string) string {
	parts := strings.Split(authorization, ".")
	if len(parts) < 2 {
		return ""
	}
	var claims struct{ Sub string }
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(text, &claims) != nil {
		return ""
	}
	return claims.Sub
}

// given returns what to send as Authorization after a sign-in or a refresh; after other requests "".
func (x *exchange) given() string {
	object, _ := decode(x.response).(map[string]any)
	if token, ok := object["access_token"].(string); ok {
		return "Bearer " + token
	}
	return ""
}

// revoked accepts tokens of revoked sessions on one route.
func revoked(route string) func(*exchange) {
	return func(x *exchange) {
		x.forward()
		if token := x.given(); token != "" {
			x.remember("given "+token, true)
		}
		if x.route == route && x.status == http.StatusUnauthorized &&
			x.recall("given "+x.header.Get("Authorization")) != nil {
			x.succeed(http.StatusOK, map[string]any{"items": []any{}, "next": nil})
		}
	}
}

// unsigned accepts tokens of a user, if selected, without a look at their signature.
func unsigned(selected func(authorization string) bool) func(*exchange) {
	return func(x *exchange) {
		sent := x.header.Get("Authorization")
		x.forward()
		if token := x.given(); token != "" {
			x.remember("token of "+subject(token), token)
		}
		key := "token of " + subject(sent)
		if valid, ok := x.recall(key).(string); ok && x.status == http.StatusUnauthorized && selected(sent) {
			x.header.Set("Authorization", valid)
			x.forward()
		}
	}
}
