package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

const badCursor = "cursor: is not one that this list gave; leave it out to start again"

func TestList(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann, eve := s.User("ann.1"), s.User("eve.1")
	for kind, target := range targets(s, ann) {
		path := target + "/reaction"
		empty := func(t *testing.T, r areatest.Response) {
			if string(r.Body) != `{"items":[],"next":null}` {
				t.Errorf("got %s", r.Body)
			}
		}
		both := func(t *testing.T, r areatest.Response) {
			items := r.Items(t)
			if len(items) != 2 || items[0]["type"] != 4.0 || items[1]["type"] != 2.0 ||
				items[0]["user"].(map[string]any)["id"] != "eve.1" {
				t.Errorf("listed %v", items)
			}
		}
		s.Run(t, []areatest.Step{{Name: kind + ", none", Do: "GET " + path, Want: 200, Check: empty}})
		s.React(ann, target, 2)
		s.React(eve, target, 4)
		s.Run(t, []areatest.Step{
			{Name: kind + ", newest first", Do: "GET " + path, Want: 200, Check: both},
			{Name: kind + ", the same for all", As: eve, Do: "GET " + path, Want: 200, Check: both},
			{
				Name: kind + ", a bad size", Do: "GET " + path + "?size=x", Want: 400,
				Hint: "size: must be a whole number from 1 to 100",
			},
			{
				Name: kind + ", a bad cursor", Do: "GET " + path + "?cursor=x", Want: 400,
				Hint: badCursor,
			},
			{Name: kind + ", a bad size and a bad cursor", Do: "GET " + path + "?cursor=x&size=0", Want: 400,
				Hint: "size: must be a whole number from 1 to 100; " + badCursor},
		})
		if r := s.Do(t, nil, "PUT "+path, typed(1)); r.Status != 401 {
			t.Errorf("status %d", r.Status)
		}
		// A reaction that is changed keeps its position.
		s.React(ann, target, 3)
		if items := s.Do(t, nil, "GET "+path, "").Items(t); items[1]["type"] != 3.0 || items[1]["modified"] != true {
			t.Errorf("listed %v", items)
		}
	}
}

// Reactions that were merged have the same time. Following next shows each that exists the whole
// time once, while others are put and canceled.
func TestPagesWhileReacting(t *testing.T) {
	t.Parallel()
	s := areatest.New(t, routes)
	ann := s.User("ann.1")
	for _, table := range []string{"post", "comment"} {
		t.Run(table, func(t *testing.T) {
			target := targets(s, ann)[table]
			s.Exec(`INSERT INTO users (id, password_hash, name)
				SELECT $1 || n, 'no password at all', 'user' FROM generate_series(1, 60) n`, table+".")
			batches := map[string]string{
				"post": `INSERT INTO post_reactions (post_id, user_uid, type, created_at)
					SELECT (SELECT max(id) FROM posts), uid, 1,
						'2026-01-01'::timestamptz + (uid / 25) * interval '1 microsecond'`,
				"comment": `INSERT INTO comment_reactions (post_id, comment_id, user_uid, type, created_at)
					SELECT c.post_id, c.id, uid, 1, '2026-01-01'::timestamptz + (uid / 25) * interval '1 microsecond'`,
			}
			from := map[string]string{"post": ` FROM users WHERE id LIKE 'post.%'`,
				"comment": ` FROM users, (SELECT max(post_id) AS post_id, max(id) AS id FROM comments) c
					WHERE users.id LIKE 'comment.%'`}
			s.Exec(batches[table] + from[table])

			var seen []string
			steps := 0
			for next := target + "/reaction?size=7"; next != ""; steps++ {
				response := s.Do(t, nil, "GET "+next, "")
				for _, item := range response.Items(t) {
					seen = append(seen, item["user"].(map[string]any)["id"].(string))
				}
				next, _ = response.Object(t)["next"].(string)
				// One that was shown and one that was not are canceled, and a new one is put.
				s.Exec(`DELETE FROM `+table+`_reactions WHERE user_uid = (SELECT uid FROM users WHERE id = $1)`,
					seen[len(seen)-1])
				s.Exec(`DELETE FROM `+table+`_reactions WHERE user_uid = (SELECT uid FROM users WHERE id = $1)`,
					fmt.Sprintf("%s.%d", table, steps+1))
				s.React(s.User(fmt.Sprintf("new.%s.%d", table, steps)), target, 2)
			}
			sorted := slices.Sorted(slices.Values(seen))
			if len(slices.Compact(slices.Clone(sorted))) != len(sorted) {
				t.Errorf("shown twice: %v", sorted)
			}
			for n := 20; n <= 60; n++ { // those that were not canceled before
				if id := fmt.Sprintf("%s.%d", table, n); !slices.Contains(seen, id) {
					t.Errorf("%s was skipped", id)
				}
			}
			for _, id := range seen {
				if strings.HasPrefix(id, "new.") {
					t.Errorf("%s was put after the first page", id)
				}
			}
		})
	}
}
