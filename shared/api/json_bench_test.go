package api

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"minifb/shared/response"
)

// BenchmarkEncodeFeed encodes a page of the feed, as the functions do and as package json does.
func BenchmarkEncodeFeed(b *testing.B) {
	next, kind := "/post?cursor=h8xkbWlRMjM0NTY&size=20", 3
	list := List[response.Post]{Next: &next}
	for i := range 20 {
		post := response.Post{
			ID: int64(1_000_000 - i), Owner: response.Person{ID: "user.12345", Name: "User 12345"},
			Content: strings.Repeat("The quick brown fox jumps. ", 6), CommentCount: 12,
			Reactions: response.Reactions{Type1: 100, Type3: 4}, CreatedAt: response.Time(time.Now()),
		}
		if i%4 == 0 {
			post.MyReaction, post.Owner.Nickname = &kind, &post.Owner.Name
		}
		list.Items = append(list.Items, post)
	}
	for name, encode := range map[string]func(io.Writer) error{
		"appended":  func(w io.Writer) error { return strictJSON.Marshal(w, list) },
		"reflected": func(w io.Writer) error { return json.MarshalWrite(w, list) },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := encode(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
