package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"minifb/shared/store"
	"minifb/shared/testkit/programs"
)

// feedReaders are users who read the first page of the feed while the test holds every read of it.
type feedReaders struct {
	*fixture
	begun   chan int      // the number of viewers of each read
	release chan struct{} // lets one read go on
	all     sync.WaitGroup
}

const feedSize = 20

// newFeedReaders returns readers of whose reads as many are running as may run at a time.
func newFeedReaders(t *testing.T, users int) *feedReaders {
	t.Helper()
	f := &feedReaders{fixture: newFixture(t, users), begun: make(chan int, 100), release: make(chan struct{})}
	f.store.InterceptFeed(func(ctx context.Context, viewers []int64) {
		if _, limited := ctx.Deadline(); len(viewers) > 1 && !limited {
			t.Errorf("a read for %d viewers has no time limit", len(viewers))
		}
		f.begun <- len(viewers)
		if <-f.release; viewers[0] == 0 {
			panic("a viewer of zero")
		}
	})
	for range store.MaxReads {
		f.read(t.Context(), f.users[0], func([]store.Post, error) {})
		f.wantRead(1)
	}
	return f
}

// read reads as a viewer, and shows the result to check.
func (f *feedReaders) read(ctx context.Context, viewer int64, check func([]store.Post, error)) {
	f.all.Go(func() {
		list, err := f.store.Posts(ctx, viewer, store.Page{Size: feedSize})
		check(list.Items, err)
	})
}

// queue reads as a viewer, and returns once the request waits with others.
func (f *feedReaders) queue(ctx context.Context, viewer int64, check func([]store.Post, error)) {
	before := f.store.WaitingForFeed(feedSize)
	f.read(ctx, viewer, check)
	programs.Until(f.t, "the request waits", func() bool { return f.store.WaitingForFeed(feedSize) > before })
}

func (f *feedReaders) wantRead(viewers int) {
	f.t.Helper()
	if n := <-f.begun; n != viewers {
		f.t.Errorf("a read is for %d viewers, want %d", n, viewers)
	}
}

// One read serves those who wait. Each of them sees their own reactions, and all that was stored
// before they came.
func TestFeedIsReadOnceForThoseWhoWait(t *testing.T) {
	t.Parallel()
	f := newFeedReaders(t, 5)
	want := func(posts, kind int) func([]store.Post, error) {
		return func(items []store.Post, err error) {
			if err != nil || len(items) != posts {
				t.Errorf("%d posts, %v, want %d", len(items), err, posts)
				return
			}
			got := 0
			if oldest := items[posts-1]; oldest.MyReaction != nil {
				got = *oldest.MyReaction
			}
			if got != kind {
				t.Errorf("the viewer's reaction is %d, want %d", got, kind)
			}
		}
	}
	oldest := f.column(insertPosts+` RETURNING id`, f.users[0], 1)[0]
	f.queue(t.Context(), f.users[0], want(2, 0))
	for i, viewer := range f.users[1:] {
		if _, _, err := f.store.PutPostReaction(t.Context(), viewer, oldest, 1+i); err != nil {
			t.Fatal(err)
		}
		f.queue(t.Context(), viewer, want(2, 1+i))
	}
	f.exec(insertPosts, f.users[0], 1)
	f.queue(t.Context(), f.users[4], want(2, 4))
	f.release <- struct{}{}
	f.wantRead(5) // two requests are of the same viewer
	close(f.release)
	f.all.Wait()
	if n := f.store.WaitingForFeed(feedSize); n != 0 {
		t.Errorf("%d requests wait", n)
	}
}

// A request that ends does not end the read that others wait for.
func TestEndedRequestLeavesTheSharedRead(t *testing.T) {
	t.Parallel()
	f := newFeedReaders(t, 2)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	f.queue(ctx, f.users[0], func(_ []store.Post, err error) { ended <- err })
	f.queue(t.Context(), f.users[1], func(_ []store.Post, err error) {
		if err != nil {
			t.Error(err)
		}
	})
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(f.release)
	f.wantRead(2)
	f.all.Wait()
}

// A read that fails, or panics, fails for all who wait for it, and for nobody else.
func TestSharedReadFails(t *testing.T) {
	t.Parallel()
	f := newFeedReaders(t, 2)
	for _, viewer := range []int64{0, f.users[1]} {
		f.queue(t.Context(), viewer, func(items []store.Post, err error) {
			if err == nil || !strings.Contains(err.Error(), "panic") || len(items) > 0 {
				t.Errorf("%d posts, %v", len(items), err)
			}
		})
	}
	f.release <- struct{}{}
	f.wantRead(2)
	f.queue(t.Context(), f.users[1], func(_ []store.Post, err error) {
		if err != nil {
			t.Error(err)
		}
	})
	close(f.release)
	f.all.Wait()
	f.wantRead(1)
}

// A read is for a bounded number of viewers. Others read by themselves, and the same ones wait.
func TestSharedReadIsBounded(t *testing.T) {
	t.Parallel()
	f := newFeedReaders(t, 1)
	succeeds := func(_ []store.Post, err error) {
		if err != nil {
			t.Error(err)
		}
	}
	for i := range store.MaxViewers {
		f.queue(t.Context(), f.users[0]+int64(i), succeeds)
	}
	f.queue(t.Context(), f.users[0], succeeds)
	f.read(t.Context(), f.users[0]+store.MaxViewers, succeeds)
	f.wantRead(1)
	close(f.release)
	f.wantRead(store.MaxViewers)
	f.all.Wait()
}
