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
		f := newFeedSharer(func(context.Context, []int64, int) (feedPage, error) {
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
