package areatest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Post writes a post and answers its path.
func (b *Server) Post(c *Caller, content string) string {
	b.t.Helper()
	post, err := b.Store.CreatePostDirect(context.Background(), c.UID, content)
	if err != nil {
		b.t.Fatal(err)
	}
	return fmt.Sprintf("/post/%d", post.ID)
}

// Comment adds a comment to the post at this path and answers the comment's path.
func (b *Server) Comment(c *Caller, post, content string) string {
	b.t.Helper()
	comment, err := b.Store.AddCommentDirect(context.Background(), c.UID, number(b.t, post), content)
	if err != nil {
		b.t.Fatal(err)
	}
	return fmt.Sprintf("/comment/%d", comment.ID)
}

// React puts a reaction, 1–5, to the post or comment at this path.
func (b *Server) React(c *Caller, thing string, kind int) {
	b.t.Helper()
	put := b.Store.PutPostReaction
	if strings.HasPrefix(thing, "/comment/") {
		put = b.Store.PutCommentReaction
	}
	if _, _, err := put(context.Background(), c.UID, number(b.t, thing), kind); err != nil {
		b.t.Fatal(err)
	}
}

// number is the id at the end of a path.
func number(t testing.TB, path string) int64 {
	t.Helper()
	id, err := strconv.ParseInt(path[strings.LastIndex(path, "/")+1:], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
