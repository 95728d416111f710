package areatest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"minifb/shared/store"
)

// Post creates a post of the caller's and returns its path.
func (s *Server) Post(c *Caller, content string) string {
	s.t.Helper()
	p := store.Post{OwnerUID: c.UID, Content: content}
	created, err := s.Store.CreatePost(context.Background(), p, store.IdempotencyKey{}, noBody[store.Post])
	if err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprintf("/post/%d", created.ID)
}

// Comment adds a comment to the post at this path and returns the comment's path.
func (s *Server) Comment(c *Caller, post, content string) string {
	s.t.Helper()
	comment := store.Comment{PostID: lastID(s.t, post), OwnerUID: c.UID, Content: content}
	added, err := s.Store.AddComment(context.Background(), comment, store.IdempotencyKey{}, noBody[store.Comment])
	if err != nil {
		s.t.Fatal(err)
	}
	return fmt.Sprintf("/comment/%d", added.ID)
}

// noBody encodes no response: a fixture needs only the id of what it creates.
func noBody[M any](M) ([]byte, error) { return nil, nil }

// React puts the caller's reaction, of type 1–5, to the post or comment at this path.
func (s *Server) React(c *Caller, path string, reactionType int) {
	s.t.Helper()
	put := s.Store.PutPostReaction
	if strings.HasPrefix(path, "/comment/") {
		put = s.Store.PutCommentReaction
	}
	if _, _, err := put(context.Background(), c.UID, lastID(s.t, path), reactionType); err != nil {
		s.t.Fatal(err)
	}
}

// lastID returns the id at the end of a path.
func lastID(t testing.TB, path string) int64 {
	t.Helper()
	id, err := strconv.ParseInt(path[strings.LastIndex(path, "/")+1:], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
