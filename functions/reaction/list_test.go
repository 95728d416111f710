package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"minifb/shared/testkit/areatest"
)

func TestList(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann, eve := b.User("ann.1"), b.User("eve.1")
	for kind, thing := range things(b, ann) {
		path := thing + "/reaction"
		empty := func(t *testing.T, a areatest.Response) {
			if string(a.Body) != `{"items":[],"next":null}` {
				t.Errorf("answered %s", a.Body)
			}
		}
		both := func(t *testing.T, a areatest.Response) {
			items := a.Items(t)
			if len(items) != 2 || items[0]["type"] != 4.0 || items[1]["type"] != 2.0 || items[0]["user"].(map[string]any)["id"] != "eve.1" {
				t.Errorf("listed %v", items)
			}
		}
		b.Run(t, []areatest.Step{{Name: kind + ", none", Do: "GET " + path, Want: 200, Check: empty}})
		b.React(ann, thing, 2)
		b.React(eve, thing, 4)
		b.Run(t, []areatest.Step{
			{Name: kind + ", newest first", Do: "GET " + path, Want: 200, Check: both},
			{Name: kind + ", the same for all", As: eve, Do: "GET " + path, Want: 200, Check: both},
			{Name: kind + ", a bad size", Do: "GET " + path + "?size=x", Want: 400, Hint: "size: must be a whole number from 1 to 100"},
			{Name: kind + ", a bad cursor", Do: "GET " + path + "?cursor=x", Want: 400, Hint: "cursor: is not one that this list gave; leave it out to start again"},
			{Name: kind + ", all bad", Do: "GET " + path + "?cursor=x&size=0", Want: 400,
				Hint: "size: must be a whole number from 1 to 100; cursor: is not one that this list gave; leave it out to start again"},
		})
		if a := b.Do(t, nil, "PUT "+path, typed(1)); a.Status != 401 {
			t.Errorf("status %d", a.Status)
		}
		// A change keeps the place.
		b.React(ann, thing, 3)
		if items := b.Do(t, nil, "GET "+path, "").Items(t); items[1]["type"] != 3.0 || items[1]["modified"] != true {
			t.Errorf("listed %v", items)
		}
	}
}

// Reactions that were merged share their time to the microsecond. A walk shows each that stands throughout once, while
// others come and go.
func TestAWalkShowsEachOnce(t *testing.T) {
	t.Parallel()
	b := areatest.New(t, routes)
	ann := b.User("ann.1")
	for _, table := range []string{"post", "comment"} {
		t.Run(table, func(t *testing.T) {
			thing := things(b, ann)[table]
			b.Exec(`INSERT INTO users (id, password_hash, name) SELECT $1 || n, 'no password at all', 'user' FROM generate_series(1, 60) n`, table+".")
			batches := map[string]string{
				"post": `INSERT INTO post_reactions (post_id, user_uid, type, created_at)
					SELECT (SELECT max(id) FROM posts), uid, 1, '2026-01-01'::timestamptz + (uid / 25) * interval '1 microsecond'`,
				"comment": `INSERT INTO comment_reactions (post_id, comment_id, user_uid, type, created_at)
					SELECT c.post_id, c.id, uid, 1, '2026-01-01'::timestamptz + (uid / 25) * interval '1 microsecond'`,
			}
			from := map[string]string{"post": ` FROM users WHERE id LIKE 'post.%'`,
				"comment": ` FROM users, (SELECT max(post_id) AS post_id, max(id) AS id FROM comments) c WHERE users.id LIKE 'comment.%'`}
			b.Exec(batches[table] + from[table])

			var seen []string
			steps := 0
			for next := thing + "/reaction?size=7"; next != ""; steps++ {
				answer := b.Do(t, nil, "GET "+next, "")
				for _, item := range answer.Items(t) {
					seen = append(seen, item["user"].(map[string]any)["id"].(string))
				}
				next, _ = answer.Object(t)["next"].(string)
				// One that was shown goes, one that is to come goes, and a new one comes.
				b.Exec(`DELETE FROM `+table+`_reactions WHERE user_uid = (SELECT uid FROM users WHERE id = $1)`, seen[len(seen)-1])
				b.Exec(`DELETE FROM `+table+`_reactions WHERE user_uid = (SELECT uid FROM users WHERE id = $1)`, fmt.Sprintf("%s.%d", table, steps+1))
				b.React(b.User(fmt.Sprintf("new.%s.%d", table, steps)), thing, 2)
			}
			sorted := slices.Sorted(slices.Values(seen))
			if len(slices.Compact(slices.Clone(sorted))) != len(sorted) {
				t.Errorf("shown twice: %v", sorted)
			}
			for n := 20; n <= 60; n++ { // those that nobody removed before their turn
				if id := fmt.Sprintf("%s.%d", table, n); !slices.Contains(seen, id) {
					t.Errorf("%s was skipped", id)
				}
			}
			for _, id := range seen {
				if strings.HasPrefix(id, "new.") {
					t.Errorf("%s came after the walk had begun", id)
				}
			}
		})
	}
}
