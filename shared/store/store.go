// Package store is the data layer: the models, their queries, a file a noun. Transactions begin and end here.
// What a rule of the contract refuses is a fault; every other error is wrapped and unforeseen.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
)

// A Store is one process's way to the database. It is safe for concurrent use.
type Store struct {
	db *bun.DB
	// mode goes before the arguments of a hot read and asks pgx for a cached statement.
	mode []any

	postReactions, commentReactions *merger
}

// Open prepares a pool of at most `connections`; nothing is dialled before the first query.
// The URL may name several hosts with target_session_attrs=read-write. Behind a PgBouncer that pools
// transactions, let it name default_query_exec_mode=exec, and no statement is prepared on the server.
func Open(url, application string, connections int) (*Store, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL cannot be read; write it as postgres://user:password@host:5432/database")
	}
	s := &Store{mode: []any{pgx.QueryExecModeCacheStatement}}
	if strings.Contains(url, "default_query_exec_mode") {
		s.mode = nil
	} else {
		// bun writes arguments into the text: caching such statements would only fill memory.
		config.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	config.RuntimeParams["application_name"] = "minifb " + application
	config.RuntimeParams["standard_conforming_strings"] = "on" // bun's quoting relies on it
	config.RuntimeParams["timezone"] = "UTC"
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = 3 * time.Second
	}
	pool := stdlib.OpenDB(*config, checkConnections()...)
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	pool.SetConnMaxLifetime(time.Hour)
	s.db = bun.NewDB(pool, pgdialect.New(), bun.WithDiscardUnknownColumns())
	s.postReactions = newMerger(func(ctx context.Context, post int64, users []int64, types []int16) (map[int64]reacted, error) {
		return s.react(ctx, reactToPost, post, users, types)
	})
	s.commentReactions = newMerger(func(ctx context.Context, comment int64, users []int64, types []int16) (map[int64]reacted, error) {
		return s.react(ctx, reactToComment, comment, users, types)
	})
	return s, nil
}

// Warm opens this many connections, or as many as the pool may hold, and has each plan the feed: a connection's first query is
// several times as slow as its next, as PostgreSQL reads its catalogue for it.
func (s *Store) Warm(ctx context.Context, connections int) error {
	connections = min(connections, s.db.Stats().MaxOpenConnections)
	conns := make([]*sql.Conn, connections) // held all at once, or they would all be the same one
	errs := make([]error, connections)
	var all sync.WaitGroup
	for i := range connections {
		all.Go(func() {
			if conns[i], errs[i] = s.db.DB.Conn(ctx); errs[i] == nil {
				var posts []Post
				errs[i] = s.readIn(ctx, conns[i], &posts, postFeed+Page{Size: 1}.limit(), 0, int64(math.MaxInt64))
			}
		})
	}
	all.Wait()
	for _, conn := range conns {
		if conn != nil {
			_ = conn.Close() // back to the pool
		}
	}
	return errors.Join(errs...)
}

// Close ends every connection.
func (s *Store) Close() error { return s.db.Close() }

// read runs a hot read: its text is constant and its arguments travel apart ($1, $2 …), so that PostgreSQL
// plans it once a connection. dest is a pointer to a slice of models, or to one.
func (s *Store) read(ctx context.Context, dest any, query string, args ...any) error {
	return s.readIn(ctx, s.db.DB, dest, query, args...)
}

// A queryer is a pool or a transaction, without bun's formatting.
type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (s *Store) readIn(ctx context.Context, q queryer, dest any, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, append(slices.Clip(s.mode), args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	if err := s.db.ScanRows(ctx, rows, dest); err != nil {
		return err
	}
	return rows.Err()
}

// inTx runs f in one transaction of PostgreSQL's default isolation, read committed.
func (s *Store) inTx(ctx context.Context, f func(context.Context, bun.Tx) error) error {
	return s.db.RunInTx(ctx, &sql.TxOptions{}, f)
}
