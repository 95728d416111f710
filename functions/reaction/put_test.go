package main

import (
	"fmt"
	"strings"
	"testing"

	"minifb/shared/function"
	"minifb/shared/testkit/areatest"
)

func typed(kind int) string { return fmt.Sprintf(`{"type":%d}`, kind) }

func TestPutAndCancel(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	for kind, target := range targets(s, ann) {
		path := target + "/reaction"
		is := func(kind int, modified bool) func(*testing.T, areatest.Response) {
			return func(t *testing.T, r areatest.Response) {
				want := fmt.Sprintf(`{"user":{"id":"eve.1","name":"eve.1","nickname":null},`+
					`"type":%d,"modified":%v,"created_at":"20`, kind, modified)
				if !strings.HasPrefix(string(r.Body), want) {
					t.Errorf("got %s, want %s…", r.Body, want)
				}
			}
		}
		none := "You have no reaction here to cancel."
		s.Run(t, []areatest.Step{
			{Name: kind + ", signed out", Do: "PUT " + path, Body: typed(1), Want: 401},
			{Name: kind + ", cancel signed out", Do: "DELETE " + path, Want: 401},
			{
				Name: kind + ", type 0", As: eve, Do: "PUT " + path, Body: typed(0), Want: 400,
				Hint: "type: a whole number from 1 to 5",
			},
			{
				Name: kind + ", type 6", As: eve, Do: "PUT " + path, Body: typed(6), Want: 400,
				Hint: "type: a whole number from 1 to 5",
			},
			{Name: kind + ", type -1", As: eve, Do: "PUT " + path, Body: typed(-1), Want: 400},
			{Name: kind + ", beyond 16 bits", As: eve, Do: "PUT " + path, Body: typed(65537), Want: 400},
			{
				Name: kind + ", beyond 64 bits", As: eve, Do: "PUT " + path, Body: `{"type":18446744073709551617}`,
				Want: 400,
			},
			{Name: kind + ", a fraction", As: eve, Do: "PUT " + path, Body: `{"type":1.5}`, Want: 400},
			{Name: kind + ", text", As: eve, Do: "PUT " + path, Body: `{"type":"1"}`, Want: 400},
			{Name: kind + ", null", As: eve, Do: "PUT " + path, Body: `{"type":null}`, Want: 400},
			{Name: kind + ", cancel before any", As: eve, Do: "DELETE " + path, Want: 404, Hint: none},
			{Name: kind + ", the first", As: eve, Do: "PUT " + path, Body: typed(1), Want: 201, Check: is(1, false)},
			{Name: kind + ", the same", As: eve, Do: "PUT " + path, Body: typed(1), Want: 200, Check: is(1, false)},
			{Name: kind + ", another", As: eve, Do: "PUT " + path, Body: typed(5), Want: 200, Check: is(5, true)},
			{
				Name: kind + ", another, twice", As: eve, Do: "PUT " + path, Body: typed(5), Want: 200,
				Check: is(5, true),
			},
			{
				Name: kind + ", the first again", As: eve, Do: "PUT " + path, Body: typed(1), Want: 200,
				Check: is(1, true),
			},
			{Name: kind + ", cancel another user's", As: ann, Do: "DELETE " + path, Want: 404, Hint: none},
			{Name: kind + ", cancel", As: eve, Do: "DELETE " + path, Want: 204},
			{Name: kind + ", cancel twice", As: eve, Do: "DELETE " + path, Want: 404, Hint: none},
			{Name: kind + ", put again", As: eve, Do: "PUT " + path, Body: typed(2), Want: 201, Check: is(2, false)},
			{Name: kind + ", to one's own", As: ann, Do: "PUT " + path, Body: typed(2), Want: 201},
			{Name: kind + ", by POST", As: ann, Do: "POST " + path, Body: typed(2), Want: 405},
		})
	}
	for _, table := range []string{"posts", "comments"} {
		if n := s.Int(`SELECT count(*) FROM ` + table +
			` WHERE (reaction_1, reaction_2, reaction_3, reaction_4, reaction_5) = (0, 2, 0, 0, 0)`); n != 1 {
			t.Errorf("the counters of %s are wrong", table)
		}
	}
	areatest.CheckInvariants(t, s.DB)
}

// Changing a reaction changes the counters of both types.
func TestChangeOfEveryType(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	for kind, target := range targets(s, ann) {
		counters := func() string {
			var all string
			err := s.DB.QueryRow(`SELECT concat(reaction_1, reaction_2, reaction_3, reaction_4, reaction_5) FROM ` +
				kind + `s`).Scan(&all)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		for from := 1; from <= 5; from++ {
			for to := 1; to <= 5; to++ {
				s.Do(t, eve, "PUT "+target+"/reaction", typed(from))
				before := counters()
				s.Do(t, eve, "PUT "+target+"/reaction", typed(to))
				at := func(n int) string { return "00000"[:n-1] + "1" + "00000"[n:] }
				if got := counters(); before != at(from) || got != at(to) {
					t.Errorf("%s, from %d to %d: %s, %s", kind, from, to, before, got)
				}
			}
		}
	}
	areatest.CheckInvariants(t, s.DB)
}

func TestReactionToDeleted(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	all := targets(s, ann)
	for _, target := range all {
		s.React(eve, target, 1)
	}
	s.Exec(`DELETE FROM posts`)
	for kind, hint := range map[string]string{
		"post":    "There is no such post; it may have been deleted.",
		"comment": "There is no such comment; it may have been deleted.",
	} {
		path := all[kind] + "/reaction"
		s.Run(t, []areatest.Step{
			{Name: kind + ", put", As: eve, Do: "PUT " + path, Body: typed(1), Want: 404, Hint: hint},
			{Name: kind + ", cancel", As: eve, Do: "DELETE " + path, Want: 404, Hint: hint},
			{Name: kind + ", list", Do: "GET " + path, Want: 404, Hint: hint},
		})
	}
	if n := s.Int(`SELECT (SELECT count(*) FROM post_reactions) + (SELECT count(*) FROM comment_reactions)
		+ (SELECT count(*) FROM notifications)`); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}

func TestBothStatusesAreDocumented(t *testing.T) {
	t.Parallel()
	deps := areatest.New(t, routes).Deps
	text := function.NewHandler("reaction", routes, deps, function.Settings{}).API().OpenAPI()
	for _, path := range []string{"/post/{id}/reaction", "/comment/{id}/reaction"} {
		for _, status := range []string{"200", "201"} {
			response := text.Paths[path].Put.Responses[status]
			if response == nil || response.Content["application/json"] == nil {
				t.Errorf("PUT %s: the body of the %s is not documented", path, status)
				continue
			}
			body := text.Components.Schemas.SchemaFromRef(response.Content["application/json"].Schema.Ref)
			if body == nil || body.Properties["modified"] == nil {
				t.Errorf("PUT %s: the body of the %s is not documented as a reaction", path, status)
			}
		}
	}
}
