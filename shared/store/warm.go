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
	statement string
	args      []any
}

// The reads that a function may choose for Warm: the ones that its clients call most. The lists are those of a page of
// the usual size.
var (
	WarmUser          = WarmUp{userByID, []any{""}}
	WarmPost          = WarmUp{postByID, []any{0, 0}}
	WarmFeed          = WarmUp{feed + feedOrder + usualPage, []any{0, int64(math.MaxInt64)}}
	WarmAnonymousFeed = WarmUp{anonymousFeed + feedOrder + usualPage, []any{0, int64(math.MaxInt64)}}
	WarmSharedFeed    = WarmUp{sharedFeed + feedOrder + usualPage, []any{[]int64{0}, int64(math.MaxInt64)}}
	WarmTimeline      = WarmUp{postTimelineOf + usualPage, []any{0, int64(math.MaxInt64), ""}}
	WarmComments      = WarmUp{commentList + usualPage, []any{0, 0, int64(math.MaxInt64)}}
	WarmReactions     = WarmUp{postReactionList + usualPage, []any{endOfTime, 0, 0}}
	WarmNotifications = WarmUp{notificationList + usualPage, []any{0, int64(math.MaxInt64)}}
	WarmUnreadCount   = WarmUp{unreadCount, []any{0}}
	WarmSessions      = WarmUp{sessionList + usualPage, []any{0, endOfTime, zeroUUID}}

	usualPage = limit(DefaultSize + 1)
)

// Warm opens this many connections, or as many as the pool may hold, and runs the reads on each. A
// connection's first query takes several times as long as its next, because PostgreSQL loads its
// catalogue for it.
//
// It does the same on the replica, whose errors do not count, and looks first which forms the database has.
func (s *Store) Warm(ctx context.Context, connections int, reads ...WarmUp) error {
	if _, err := s.forms(ctx); err != nil {
		return err
	}
	var both sync.WaitGroup
	if replica := s.hotReads.replica; replica != nil {
		both.Go(func() { _ = warm(ctx, replica.reader, connections, reads) })
	}
	err := warm(ctx, s.hotReads, connections, reads)
	both.Wait()
	return err
}

func warm(ctx context.Context, r reader, connections int, reads []WarmUp) error {
	connections = min(connections, r.pool.Stats().MaxOpenConnections)
	conns := make([]*sql.Conn, connections) // all held at once; the pool would lend the same one again
	errs := make([]error, connections)
	var all sync.WaitGroup
	for i := range connections {
		all.Go(func() {
			if conns[i], errs[i] = r.pool.Conn(ctx); errs[i] == nil {
				errs[i] = r.warm(ctx, conns[i], reads)
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

func (r reader) warm(ctx context.Context, conn *sql.Conn, reads []WarmUp) error {
	for _, read := range reads {
		var rows []map[string]any
		if err := r.on(conn).all(ctx, &rows, read.statement, read.args...); err != nil {
			return err
		}
	}
	return nil
}
