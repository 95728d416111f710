package main

import (
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestCheckID(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	s.User("Ann.1")
	const hint = "id: 4 to 50 of A-Z a-z 0-9 . _ ~ @ + -"

	s.Run(t, []areatest.Step{
		{Name: "free", Do: "GET /check/id/eve.1", Want: 200, Check: func(t *testing.T, r areatest.Response) {
			if string(r.Body) != "{}" {
				t.Errorf("the body is %s", r.Body)
			}
		}},
		{Name: "taken", Do: "GET /check/id/Ann.1", Want: 409, Hint: "id: is taken; choose another"},
		{Name: "taken in another case", Do: "GET /check/id/aNN.1", Want: 409},
		{Name: "every character", Do: "GET /check/id/AZaz09._~@+-", Want: 200},
		{Name: "3 characters", Do: "GET /check/id/abc", Want: 400, Hint: hint},
		{Name: "4 characters", Do: "GET /check/id/abcd", Want: 200},
		{Name: "50 characters", Do: "GET /check/id/" + strings.Repeat("a", 50), Want: 200},
		{Name: "51 characters", Do: "GET /check/id/" + strings.Repeat("a", 51), Want: 400, Hint: hint},
		{Name: "a space", Do: "GET /check/id/ann%20e", Want: 400, Hint: hint},
		{Name: "a slash", Do: "GET /check/id/ann%2Fe", Want: 400, Hint: hint},
		{Name: "Hangul", Do: "GET /check/id/%EA%B0%80%EA%B0%80%EA%B0%80%EA%B0%80", Want: 400, Hint: hint},
		{Name: "not UTF-8", Do: "GET /check/id/ann%FF", Want: 400, Hint: hint},
		{Name: "U+0000", Do: "GET /check/id/ann%00", Want: 400, Hint: hint},
		{Name: "a line break", Do: "GET /check/id/anne%0A", Want: 400, Hint: hint},
		{Name: "no ID", Do: "GET /check/id/", Want: 404},
	})
}
