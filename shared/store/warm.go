package store

import (
	"context"
	"math"
	"sync"
)

// A WarmUp is a hot read that Warm runs.
type WarmUp struct {
	statement func(*forms) string
	args      []any
}

// warmUp is a WarmUp of a statement with one form.
func warmUp(statement string, args ...any) WarmUp {
	return WarmUp{func(*forms) string { return statement }, args}
}

// The reads that a function may choose for Warm: the ones that its clients call most. The lists are those of a page of
// the usual size.
var (
	WarmUser          = warmUp(userByID, "")
	WarmPost          = warmUp(postByID, 0, 0)
	WarmFeed          = warmUp(feed+feedOrder+usualPage, 0, int64(math.MaxInt64))
	WarmAnonymousFeed = warmUp(anonymousFeed+feedOrder+usualPage, 0, int64(math.MaxInt64))
	WarmSharedFeed    = WarmUp{
		func(f *forms) string { return f.sharedFeed + feedOrder + usualPage }, []any{[]int64{0}, int64(math.MaxInt64)},
	}
	WarmKnownFeed         = WarmUp{func(f *forms) string { return f.snapshot }, nil}
	WarmKnownFeedOfViewer = WarmUp{
		func(f *forms) string { return f.snapshotAndReactions }, []any{[]int64{0}, []int64{0}, ""},
	}

	WarmTimeline = warmUp(postTimelineOf+usualPage, 0, int64(math.MaxInt64), "")
	WarmComments = WarmUp{
		func(f *forms) string { return f.commentList + usualPage }, []any{0, 0, int64(math.MaxInt64)},
	}
	WarmReactions = WarmUp{
		func(f *forms) string { return f.postReactionList + usualPage }, []any{endOfTime, 0, 0},
	}
	WarmNotifications = warmUp(notificationList+usualPage, 0, int64(math.MaxInt64))
	WarmUnreadCount   = warmUp(unreadCount, 0)
	WarmSessions      = warmUp(sessionList+usualPage, 0, endOfTime, zeroUUID)

	usualPage = limit(DefaultSize + 1)
)

// Warm opens a connection and runs the reads on it. A connection's first query takes several times as long as its next,
// because PostgreSQL loads its catalogue for it.
//
// It does the same on the replica, whose errors do not count, and looks first which forms the database has.
func (s *Store) Warm(ctx context.Context, reads ...WarmUp) error {
	forms, err := s.forms(ctx)
	if err != nil {
		return err
	}
	var both sync.WaitGroup
	if replica := s.hotReads.replica; replica != nil {
		both.Go(func() { _ = replica.reader.warm(ctx, forms, reads) })
	}
	err = s.hotReads.warm(ctx, forms, reads)
	both.Wait()
	return err
}

func (r reader) warm(ctx context.Context, f *forms, reads []WarmUp) error {
	conn, err := r.pool.Conn(ctx) // one for all reads
	if err != nil {
		return err
	}
	defer conn.Close() // returns it to the pool
	for _, read := range reads {
		statement := read.statement(f)
		if statement == "" { // the database has no such form
			continue
		}
		var rows []map[string]any
		if err := r.on(conn).all(ctx, &rows, statement, read.args...); err != nil {
			return err
		}
	}
	return nil
}
