package main

import (
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestSetIntro(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")

	s.Run(t, []areatest.Step{
		{Name: "signed out", Do: "PATCH /user/intro", Body: `{"intro":"Hello"}`, Want: 401},
		{
			Name: "set", As: ann, Do: "PATCH /user/intro", Body: `{"intro":" two\nlines? "}`, Want: 200,
			Check: isMe("intro", " two\nlines? "),
		},
		{Name: "no key", As: ann, Do: "PATCH /user/intro", Body: `{}`, Want: 400},
		{Name: "empty", As: ann, Do: "PATCH /user/intro", Body: `{"intro":""}`, Want: 400},
		{
			Name: "removed", As: ann, Do: "PATCH /user/intro", Body: `{"intro":null}`, Want: 200,
			Check: isMe("intro", nil),
		},
	})
	checkLengths(t, s, ann, "intro", "")
}

func TestStrictJSON(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	nested := func(depth int) string {
		return `{"intro":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
	}
	for name, c := range map[string]struct{ body, hint string }{
		"a duplicate key":               {`{"intro":"a","intro":"b"}`, "twice"},
		"a duplicate key, once escaped": {`{"intro":"a","\u0069ntro":"b"}`, "twice"},
		"a wrongly cased key":           {`{"Intro":"a"}`, "Intro: is unknown; leave it out"},
		"a key in both cases":           {`{"intro":"a","Intro":"b"}`, "Intro: is unknown; leave it out"},
		"an unknown key":                {`{"intro":"a","role":"admin"}`, "role: is unknown; leave it out"},
		"trailing data":                 {`{"intro":"a"} x`, "more after the first JSON value"},
		"two values":                    {`{"intro":"a"}{"intro":"b"}`, "more after the first JSON value"},
		"bad UTF-8":                     {"{\"intro\":\"\xff\"}", "UTF-8"},
		"bad UTF-8 in a key":            {"{\"intro\xc0\":\"a\"}", "UTF-8"},
		"a lone high surrogate":         {`{"intro":"\ud83d"}`, "UTF-8"},
		"a lone low surrogate":          {`{"intro":"\ude00"}`, "UTF-8"},
		"surrogates swapped":            {`{"intro":"\ude00\ud83d"}`, "UTF-8"},
		"U+0000":                        {`{"intro":"a\u0000b"}`, "U+0000"},
		"U+0000 in a key":               {`{"intro":"a","a\u0000":1}`, "U+0000"},
		"depth 32":                      {nested(32), "intro: 1 to 85 characters, or null, as a string"},
		"depth 33":                      {nested(33), "deeper than 32"},
		"a byte-order mark":             {"\ufeff{}", "well-formed"},
		"a comment":                     {`{"intro":"a"/**/}`, "well-formed"},
		"a trailing comma":              {`{"intro":"a",}`, "well-formed"},
		"NaN":                           {`{"intro":NaN}`, "well-formed"},
		"white space only":              {"  ", "well-formed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := s.Do(t, ann, "PATCH /user/intro", c.body)
			areatest.CheckResponse(t, response)
			if hint, _ := response.Object(t)["hint"].(string); response.Status != 400 ||
				!strings.Contains(hint, c.hint) {
				t.Errorf("status %d: %s", response.Status, response.Body)
			}
		})
	}
	s.Run(t, []areatest.Step{
		{
			Name: "a pair of surrogates", As: ann, Do: "PATCH /user/intro", Body: `{"intro":"\ud83d\ude00"}`,
			Want: 200, Check: isMe("intro", "😀"),
		},
		{
			Name: "white space around it", As: ann, Do: "PATCH /user/intro", Body: " {\r\n\t\"intro\" : \"a\" } ",
			Want: 200,
		},
		{Name: "a charset", As: ann, Do: "PATCH /user/intro", Body: `{"intro":"a"}`, Want: 200,
			Header: map[string]string{"Content-Type": "Application/JSON; charset=utf-8"}},
	})
}
