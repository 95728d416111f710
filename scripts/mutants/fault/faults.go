package fault

import (
	"net/http"
	"slices"
	"strings"

	"minifb/shared/ops/sam"
)

// Routes returns the routes of a template, such as "GET /post/{id}".
func Routes(template *sam.Template) (routes []string) {
	for _, f := range template.Functions {
		for _, r := range f.Routes {
			routes = append(routes, r.String())
		}
	}
	return routes
}

// All returns the faults of a server with these routes.
func All(routes []string) []Fault { return slices.Concat(Kinds(routes)...) }

// Kinds returns the faults of a server with these routes, those of a kind together.
func Kinds(routes []string) [][]Fault {
	return [][]Fault{
		statusFaults(routes), memberFaults(), headerFaults(), errorFaults(), fieldFaults(), bodyFaults(routes),
		orderFaults(), accessFaults(), accountFaults(), tokenFaults(), postFaults(), reactionFaults(),
		notificationFaults(), readFaults(),
		listFaults(), idempotencyFaults(), revisionFaults(), backofficeFaults(), pathFaults(),
	}
}

// statusFaults give the success of each route another status.
func statusFaults(routes []string) (all []Fault) {
	for _, route := range routes {
		if strings.Contains(route, "/page/") {
			continue // the files of pages are no part of the contract
		}
		all = append(all, Fault{"status of " + route, route, func(x *exchange) {
			x.forward()
			switch x.status {
			case http.StatusOK:
				x.status = http.StatusAccepted
			case http.StatusCreated, http.StatusAccepted:
				x.status = http.StatusOK
			case http.StatusNoContent:
				x.succeed(http.StatusOK, map[string]any{})
			}
		}})
	}
	return all
}

// shown says which members a body has, and which routes respond with it.
var shown = []struct {
	routes  []string
	members string
}{
	{
		[]string{"GET /user", "POST /signup", "PATCH /user/nickname", "PATCH /user/intro", "PATCH /user/email"},
		"id name nickname intro created_at email role",
	},
	{[]string{"GET /user/{id}"}, "id name nickname intro created_at"},
	{[]string{"POST /auth", "POST /refresh"}, "access_token token_type expires_in refresh_token must_change_password"},
	{[]string{"GET /session"}, "id created_at last_used_at user_agent current"},
	{
		[]string{"POST /post", "GET /post", "GET /post/{id}", "PATCH /post/{id}", "GET /timeline",
			"GET /timeline/{id}"},
		"id owner content modified comment_count reactions my_reaction created_at",
	},
	{
		[]string{"POST /post/{id}/comment", "GET /post/{id}/comment", "GET /comment/{id}", "PATCH /comment/{id}"},
		"id post_id owner content modified reactions my_reaction created_at",
	},
	{
		[]string{
			"PUT /post/{id}/reaction", "GET /post/{id}/reaction", "PUT /comment/{id}/reaction",
			"GET /comment/{id}/reaction",
		},
		"user type modified created_at",
	},
	{
		[]string{"GET /notification", "PATCH /notification/{id}"},
		"id type actor post_id comment_id reaction_type read created_at",
	},
	{[]string{"GET /notification/unread-count", "POST /notification/read"}, "count"},
	{[]string{"GET /backoffice/stat/server"}, "rps requests_24h by_status by_endpoint"},
	{[]string{"GET /backoffice/stat/service"}, "posts users posts_today date timezone"},
	{[]string{"GET /backoffice/stat/series"}, "step_seconds points"},
	{[]string{"GET /backoffice/temporary-password"}, "id user created_at"},
	{[]string{"POST /backoffice/user/{id}/temporary-password"}, "temporary_password expires_at"},
	{[]string{"GET /.well-known/jwks.json"}, "keys"},
}

// memberFaults drop, rename, add and retype members.
func memberFaults() (all []Fault) {
	add := func(what, route string, distort func(*exchange)) {
		all = append(all, Fault{route + ": " + what, route, distort})
	}
	for _, body := range shown {
		members := strings.Fields(body.members)
		for i, name := range members {
			// Each route has some of the faults, and each member has one.
			add("without "+name, body.routes[i%len(body.routes)], without(name))
		}
		for i, route := range body.routes {
			name := members[i%len(members)]
			add(name+" renamed", route, renamed(name, name+"Value"))
			add("a member more", route, each(func(o map[string]any) { o["uid"] = 1 }))
			add(name+" is an object", route, always(name, map[string]any{}))
		}
	}
	for _, route := range []string{"GET /post", "GET /timeline", "GET /post/{id}/comment", "GET /notification"} {
		add("an array in place of a page", route, func(x *exchange) {
			x.forward()
			if object, ok := decode(x.response).(map[string]any); ok && x.ok() {
				x.response = encode(object["items"])
			}
		})
	}
	add("email is public", "GET /user/{id}", always("email", nil))
	add("a time without microseconds", "GET /post/{id}", always("created_at", "2026-01-01T00:00:00Z"))
	add("a time in another zone", "GET /comment/{id}", always("created_at", "2026-01-01T09:00:00.000000+09:00"))
	add("a time as a number", "GET /user", always("created_at", 1767225600))
	add("id as a string", "GET /post/{id}", always("id", "1"))
	add("null as an empty text", "GET /user/{id}", each(func(o map[string]any) {
		if o["nickname"] == nil {
			o["nickname"] = ""
		}
	}))
	add("an owner with a role", "GET /post/{id}", each(func(o map[string]any) {
		if owner, ok := o["owner"].(map[string]any); ok {
			owner["role"] = "user"
		}
	}))
	add("no count of type 5", "GET /comment/{id}", each(func(o map[string]any) {
		if counts, ok := o["reactions"].(map[string]any); ok {
			delete(counts, "5")
		}
	}))
	return all
}
