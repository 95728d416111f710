package response

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"minifb/shared/store"
)

// Times are in UTC, with six digits.
func TestTime(t *testing.T) {
	t.Parallel()
	seoul := time.FixedZone("KST", 9*60*60)
	for want, at := range map[string]time.Time{
		`"2026-01-02T03:04:05.678901Z"`: time.Date(2026, 1, 2, 3, 4, 5, 678_901_000, time.UTC),
		`"2026-01-02T03:04:05.600000Z"`: time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC),
		`"2026-01-02T03:04:05.000000Z"`: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		`"2025-12-31T15:00:00.000000Z"`: time.Date(2026, 1, 1, 0, 0, 0, 0, seoul),
		`"2026-01-02T03:04:05.000009Z"`: time.Date(2026, 1, 2, 3, 4, 5, 9_999, time.UTC), // truncated, not rounded
	} {
		if got, err := json.Marshal(Time(at)); err != nil || string(got) != want {
			t.Errorf("%s is written as %s, %v", at, got, err)
		}
	}
}

// The JSON is the contract's, with null for what is missing.
func TestPost(t *testing.T) {
	t.Parallel()
	nickname, mine := "<앤>", 3
	post := store.Post{
		ID: 14, OwnerUID: 99, Owner: store.Person{ID: "ann.1", Name: "Ann"}, Content: "a&b\n", Revision: 7,
		CommentCount: 2,
		Tally:        store.Tally{Type1: 1, Type2: 2, Type3: 3, Type4: 4, Type5: 5}, CreatedAt: time.Unix(0, 0),
	}
	const rest = `"content":"a&b\n",` +
		`"modified":false,"comment_count":2,"reactions":{"1":1,"2":2,"3":3,"4":4,"5":5}`
	check := func(want string) {
		t.Helper()
		if got, err := json.Marshal(NewPost(post)); err != nil || string(got) != want {
			t.Errorf("got %s, %v\nwant %s", got, err, want)
		}
	}
	check(`{"id":14,"owner":{"id":"ann.1","name":"Ann","nickname":null},` + rest +
		`,"my_reaction":null,"created_at":"1970-01-01T00:00:00.000000Z"}`)
	post.Owner.Nickname, post.MyReaction = &nickname, &mine
	check(`{"id":14,"owner":{"id":"ann.1","name":"Ann","nickname":"<앤>"},` + rest +
		`,"my_reaction":3,"created_at":"1970-01-01T00:00:00.000000Z"}`)
}
