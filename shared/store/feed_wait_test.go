package store

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// While reads hang, a request waits for one of them no longer than for a connection.
func TestWaitForASharedReadIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		f := newFeedSharer(func(context.Context, []int64, int, bool) (feedPage, error) {
			<-hang
			return feedPage{}, nil
		})
		for range maxReads {
			go func() { _, _ = f.read(t.Context(), 1, 20) }()
		}
		synctest.Wait()
		begun := time.Now()
		_, err := f.read(t.Context(), 1, 20)
		if took := time.Since(begun); !errors.Is(err, errBusy) || took != maxWait {
			t.Errorf("after %s: %v", took, err)
		}
		close(hang)
	})
}

// A read that is due begins as soon as it is full, so that nobody has to read alone.
func TestDueReadBeginsWhenItIsFull(t *testing.T) {
	t.Parallel()
	begun := make(chan int)
	f := newFeedSharer(func(_ context.Context, viewers []int64, _ int, _ bool) (feedPage, error) {
		begun <- len(viewers)
		return feedPage{}, nil
	})
	due := &sharedRead{done: make(chan struct{})}
	for viewer := range int64(maxViewers) {
		due.viewers = append(due.viewers, viewer)
	}
	f.queues[20] = &feedQueue{running: 1, due: true, next: due}
	if shared, _ := f.enter(0, 20); shared != due {
		t.Error("a viewer whom a full read is for does not wait for it")
	}
	shared, _ := f.enter(maxViewers, 20)
	if n := <-begun; n != maxViewers {
		t.Errorf("the read is for %d viewers, want %d", n, maxViewers)
	}
	if shared == nil || shared == due {
		t.Fatalf("the next viewer waits for %v", shared)
	}
	if n := <-begun; n != 1 { // when the first has ended
		t.Errorf("the next read is for %d viewers, want 1", n)
	}
	<-shared.done
}
