package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"minifb/shared/store"
	"minifb/shared/testkit/pgbouncer"
	"minifb/shared/testkit/pgproxy"
	"minifb/shared/testkit/programs"
)

// What the races between a process behind a PgBouncer and another one leave out, and what a function does at its start.
func TestBehindPgBouncer(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	s := f.openPooled()
	if err := s.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if err := s.Warm(t.Context(), store.WarmFeed, store.WarmUser); err != nil {
		t.Error(err)
	}
	r, err := s.Rehearse(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		err := r.Undo(t.Context(), func() {
			_, created, err := r.Store.PutPostReaction(t.Context(), r.Rows.UserUID, r.Rows.OtherPost, 1)
			if err != nil || !created {
				t.Errorf("a reaction in a rehearsal: created %t, %v", created, err)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	bodies := make([]string, 12)
	concurrently(len(bodies), func(i int) {
		created, err := s.CreatePost(t.Context(), newPost(f.users[0], "hi"), idempotencyKey("k", "b"), encodePost)
		if err != nil {
			t.Error(err)
		}
		bodies[i] = string(created.Body)
	})
	if n := f.int(`SELECT count(*) FROM posts`); n != 1 || len(slices.Compact(bodies)) != 1 {
		t.Errorf("%d posts with one key, and the responses %q", n, bodies)
	}
	list, err := s.Posts(t.Context(), f.users[0], store.Page{Size: 1})
	if err != nil || len(list.Items) != 1 {
		t.Errorf("the feed has %d posts, %v, want 1", len(list.Items), err)
	}
	f.checkInvariants()
}

// PgBouncer 1.18 may die when the client of a cancel request goes before the request was passed on. So none is sent
// for a statement whose context ends. PostgreSQL ends the statement when it notices that its client has gone.
func TestTimeoutsSendPgBouncerNoCancelRequests(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	post := f.post(f.users[0])
	f.exec(`DO $$ BEGIN
		EXECUTE format('ALTER DATABASE %I SET client_connection_check_interval = 100', current_database());
	END $$`)
	cancelRequest := binary.BigEndian.AppendUint32(nil, 80877102)
	var cancels atomic.Int64
	front, err := pgproxy.New(pgbouncer.Start(t, f.url).URL, func(fromServer bool, sent []byte) bool {
		if !fromServer && bytes.Contains(sent, cancelRequest) {
			cancels.Add(1)
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	defer front.Close()
	s, err := store.Open(front.URL, "pooled", 10)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	lock := f.begin()
	if _, err := lock.Exec(`LOCK posts`); err != nil {
		t.Fatal(err)
	}
	const callers, calls = 4, 25
	concurrently(callers, func(int) {
		for range calls {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			if _, err := s.Post(ctx, 0, post); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a read of a locked table: %v", err)
			}
			cancel()
		}
	})
	programs.Until(t, "PostgreSQL runs no statement whose client has gone", func() bool {
		return f.int(`SELECT count(*) FROM pg_locks WHERE relation = 'posts'::regclass AND NOT granted`) == 0
	})
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Post(t.Context(), 0, post); err != nil {
		t.Errorf("after the timeouts: %v", err)
	}
	if n := cancels.Load(); n != 0 {
		t.Errorf("PgBouncer got %d cancel requests", n)
	}
}
