package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"sync"
)

// A WarmUp is a hot read that Warm runs on each connection.
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

// Warm opens this many connections, or as many as the pool may hold, and runs the reads on each. A
// connection's first query takes several times as long as its next, because PostgreSQL loads its
// catalogue for it.
//
// It does the same on the replica, whose errors do not count, and looks first which forms the database has.
func (s *Store) Warm(ctx context.Context, connections int, reads ...WarmUp) error {
	forms, err := s.forms(ctx)
	if err != nil {
		return err
	}
	var both sync.WaitGroup
	if replica := s.hotReads.replica; replica != nil {
		both.Go(func() { _ = warm(ctx, replica.reader, forms, connections, reads) })
	}
	err = warm(ctx, s.hotReads, forms, connections, reads)
	both.Wait()
	return err
}

func warm(ctx context.Context, r reader, f *forms, connections int, reads []WarmUp) error {
	connections = min(connections, r.pool.Stats().MaxOpenConnections)
	conns := make([]*sql.Conn, connections) // all held at once; the pool would lend the same one again
	errs := make([]error, connections)
	var all sync.WaitGroup
	for i := range connections {
		all.Go(func() {
			if conns[i], errs[i] = r.pool.Conn(ctx); errs[i] == nil {
				errs[i] = r.warm(ctx, conns[i], f, reads)
			}
		})
	}
	all.Wait()
	for _, conn := range conns {
		if conn != nil {
			_ = conn.Close() // returns it to the pool
		}
	}
	return errors.Join(errs...)
}

func (r reader) warm(ctx context.Context, conn *sql.Conn, f *forms, reads []WarmUp) error {
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
