package latency

import "fmt"

// hot is a post of the filling with most comments and reactions.
const hot = 20_000

var text = map[string]string{"content": "a text of some words"}

// A route is a request that is measured.
type route struct {
	name, method string
	path         func(s *Side) string
	body         func(round int) any
	want         int
	created      func(s *Side) *int64 // where the id of what it creates is kept; may be nil
}

func fixed(path string) func(*Side) string { return func(*Side) string { return path } }
func onPost(suffix string) func(*Side) string {
	return func(s *Side) string { return fmt.Sprintf("/post/%d%s", s.post, suffix) }
}

func empty(int) any                 { return nil }
func content(int) any               { return text }
func edited(round int) any          { return map[string]string{"content": fmt.Sprint("edited ", round)} }
func reaction(round int) any        { return map[string]int{"type": 1 + round%5} }
func introduction(round int) any    { return map[string]string{"intro": fmt.Sprint("intro ", round)} }
func ofComment(s *Side) string      { return fmt.Sprintf("/comment/%d", s.comment) }
func ofRemoved(s *Side) string      { return fmt.Sprintf("/comment/%d", s.removed) }
func commentReacted(s *Side) string { return ofComment(s) + "/reaction" }

var routes = []route{
	{"POST /post", "POST", fixed("/post"), content, 201, func(s *Side) *int64 { return &s.post }},
	{"GET /post/{id}", "GET", onPost(""), empty, 200, nil},
	{"GET /post", "GET", fixed("/post"), empty, 200, nil},
	{"GET /timeline", "GET", fixed("/timeline"), empty, 200, nil},
	{"GET /timeline/{id}", "GET", fixed("/timeline/user.7"), empty, 200, nil},
	{"POST /post/{id}/comment", "POST", onPost("/comment"), content, 201, func(s *Side) *int64 { return &s.removed }},
	{"GET /post/{id}/comment", "GET", fixed(fmt.Sprintf("/post/%d/comment", hot)), empty, 200, nil},
	{"GET /comment/{id}", "GET", ofComment, empty, 200, nil},
	{"PATCH /comment/{id}", "PATCH", ofComment, edited, 200, nil},
	{"PUT /post/{id}/reaction", "PUT", fixed(fmt.Sprintf("/post/%d/reaction", hot)), reaction, 200, nil},
	{"GET /post/{id}/reaction", "GET", fixed(fmt.Sprintf("/post/%d/reaction", hot)), empty, 200, nil},
	{"PUT /comment/{id}/reaction", "PUT", commentReacted, reaction, 200, nil},
	{"GET /notification", "GET", fixed("/notification"), empty, 200, nil},
	{"GET /notification/unread-count", "GET", fixed("/notification/unread-count"), empty, 200, nil},
	{"PATCH /post/{id}", "PATCH", onPost(""), edited, 200, nil},
	{"DELETE /comment/{id}", "DELETE", ofRemoved, empty, 204, nil},
	{"DELETE /post/{id}", "DELETE", onPost(""), empty, 204, nil},
	{"PATCH /user/intro", "PATCH", fixed("/user/intro"), introduction, 200, nil},
	{"GET /user/{id}", "GET", fixed("/user/user.7"), empty, 200, nil},
}
