package response

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json"

	"minifb/shared/store"
)

// A post appends what package json makes of it.
func FuzzAppendJSON(f *testing.F) {
	f.Add(int64(14), "ann.1", "Ann", "<앤>", "a&b\n\"\\\u2028\x00\x7f", true, 2, 1, 3, int64(1_767_323_045_678_901))
	f.Add(int64(-1), "", "", "", "", false, -1, -5, 0, int64(0))
	f.Fuzz(func(t *testing.T, id int64, owner, name, nickname, content string, modified bool,
		comments, tally, mine int, microseconds int64,
	) {
		for _, text := range []string{owner, name, nickname, content} {
			if !utf8.ValidString(text) {
				return // the database has no such text
			}
		}
		post := Post{
			ID: id, Owner: Person{ID: owner, Name: name}, Content: content, Modified: modified,
			CommentCount: comments, CreatedAt: Time(time.UnixMicro(microseconds % 1e16)),
			Reactions: Reactions{tally, tally + 1, tally + 2, tally + 3, tally + 4},
		}
		if mine != 0 {
			post.MyReaction, post.Owner.Nickname = &mine, &nickname
		}
		want, err := json.Marshal(post)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(post.AppendJSON([]byte("before "))); got != "before "+string(want) {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// The JSON of a post that requests share is made once, and copied.
func TestMemoOfAPost(t *testing.T) {
	t.Parallel()
	model := store.Post{ID: 14, Content: "text", Memo: new(store.Memo)}
	want := NewPost(store.Post{ID: 14, Content: "text"}).AppendJSON([]byte("a "))
	for range 2 {
		got := NewPost(model).AppendJSON([]byte("a "))
		if string(got) != string(want) {
			t.Fatalf("got %s, want %s", got, want)
		}
		got[len(got)-1] = 'x' // the next request's is another copy
	}
	if kept := model.Memo.Load(); kept == nil || "a "+string(*kept) != string(want) {
		t.Errorf("the memo is %v", kept)
	}
	*model.Memo.Load() = []byte("kept")
	if got := string(NewPost(model).AppendJSON(nil)); got != "kept" {
		t.Errorf("the JSON is made again: %s", got)
	}
}
