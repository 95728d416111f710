package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// freshness is how long a read waits for the replica to catch up with the primary. One that is further behind is
	// not used.
	freshness = 100 * time.Millisecond
	// replicaTimeout bounds a read on the replica, with all that precedes it. After it, the primary is read.
	replicaTimeout = time.Second
	// replicaRetry is the pause between attempts to use the replica again.
	replicaRetry = 500 * time.Millisecond
)

// A replica is a standby of the primary that runs hot reads while it is fresh, or several behind one address.
//
// A read sees every transaction that was committed before its request arrived, by whichever process. So first it learns
// from the primary how far its log is flushed, by a statement that serves all reads that wait for it. Then it waits
// until the replica has replayed that much, on the connection on which it will run: another one may lead to another
// server. So a PgBouncer in between must lead to one server.
//
// The positions of two servers can only be compared if they are copies of one cluster and on the same timeline: after
// a failover, a standby that does not follow the new primary may be ahead of it, with transactions that nobody else
// has.
type replica struct {
	reader  reader // of the replica
	primary reader
	close   func() error

	mu         sync.Mutex
	usable     bool
	learning   bool         // whether a goroutine learns positions
	next       *flushedRead // nil if no read waits
	closing    <-chan struct{}
	stop       context.CancelFunc // closes it
	background sync.WaitGroup
}

// A position is how far the primary's log is flushed.
type position struct {
	LSN      string
	Timeline int
	Identity string // of the cluster and the database
}

// A flushedRead learns the position for all reads that wait for it. Its result is set before done is closed.
type flushedRead struct {
	done chan struct{}
	at   position
	err  error
}

// ReadFrom makes the store run hot reads on a replica while it is fresh, with a pool of its own. url, application,
// connections and options are as for Open. It is called before the first read. ReadFrom opens no connection itself.
func (s *Store) ReadFrom(url, application string, connections int, options ...Option) error {
	other, err := Open(url, application, connections, options...)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &replica{
		reader: other.hotReads, primary: s.hotPrimary.reader, close: other.Close, closing: ctx.Done(), stop: stop,
	}
	r.retry()
	s.hotReads.replica = r
	return nil
}

// HasReplica reports whether ReadFrom was called.
func (s *Store) HasReplica() bool { return s.hotReads.replica != nil }

// ReplicaInUse reports whether reads go to the replica at the moment.
func (s *Store) ReplicaInUse() bool { return s.hotReads.replica.inUse() }

func (r *replica) inUse() bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.usable
}

// Close ends what runs in the background, and closes the replica's pool. It may be called again.
func (r *replica) Close() error {
	if r == nil {
		return nil
	}
	r.stop()
	r.background.Wait()
	return r.close()
}

// nearest calls read with a reader of the replica, and with the primary's if the replica is not in use, or fails.
func (r reader) nearest(ctx context.Context, read func(context.Context, reader) error) error {
	if r.replica.inUse() {
		err := r.replica.read(ctx, read)
		if err == nil || errors.Is(err, sql.ErrNoRows) || ctx.Err() != nil {
			return err
		}
		r.replica.fail()
	}
	return read(ctx, r)
}

// read calls read with a reader on a connection whose server is fresh.
func (r *replica) read(ctx context.Context, read func(context.Context, reader) error) error {
	ctx, cancel := context.WithTimeout(ctx, replicaTimeout)
	defer cancel()
	at, err := r.flushed(ctx)
	if err != nil {
		return err
	}
	if err := r.reader.turns.take(ctx); err != nil {
		return err
	}
	defer r.reader.turns.leave()
	conn, err := r.reader.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	err = raw(conn, func(c *pgx.Conn) error { return awaitReplay(ctx, c, r.reader.options, at) })
	if err != nil {
		// The next connection may lead to another server.
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		return err
	}
	return read(ctx, r.reader.on(conn))
}

// flushed returns a position that is read from the primary after the call.
func (r *replica) flushed(ctx context.Context) (position, error) {
	r.mu.Lock()
	if r.next == nil {
		r.next = &flushedRead{done: make(chan struct{})}
	}
	shared := r.next
	if !r.learning {
		r.learning = true
		r.background.Go(r.learnForAll)
	}
	r.mu.Unlock()
	select {
	case <-shared.done:
		return shared.at, shared.err
	case <-ctx.Done():
		return position{}, fmt.Errorf("wait for the primary's position: %w", ctx.Err())
	}
}

// Where commits do not wait for the disk, one may be acknowledged before the log is flushed.
const flushedPosition = `
	SELECT lsn::text, ('x' || left(pg_walfile_name(lsn), 8))::bit(32)::int AS timeline,
		(SELECT system_identifier || ' ' || current_database() FROM pg_control_system()) AS identity
	FROM (SELECT CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn()
		ELSE pg_current_wal_flush_lsn() END) log (lsn)`

// learnForAll learns positions until no read waits.
func (r *replica) learnForAll() {
	for {
		r.mu.Lock()
		current := r.next
		r.next = nil
		r.learning = current != nil
		r.mu.Unlock()
		if current == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), replicaTimeout)
		if err := r.primary.one(ctx, &current.at, flushedPosition); err != nil {
			current.err = fmt.Errorf("read the primary's position: %w", err)
		}
		cancel()
		close(current.done)
	}
}

// A server that is no standby has replayed nothing.
const hasReplayed = `
	SELECT system_identifier || ' ' || current_database() = $3, timeline_id = $2 AND
		coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false)
	FROM pg_control_system(), pg_control_checkpoint()`

var (
	errBehind   = errors.New("the replica is behind the primary")
	errStranger = errors.New("the replica is a copy of another database")
)

// awaitReplay waits until the server of a connection has replayed the primary's log up to a position.
func awaitReplay(ctx context.Context, c *pgx.Conn, options []any, at position) error {
	deadline := time.Now().Add(freshness)
	args := slices.Concat(options, []any{at.LSN, at.Timeline, at.Identity})
	for pause := time.Millisecond; ; pause *= 2 {
		var same, has bool
		if err := c.QueryRow(ctx, hasReplayed, args...).Scan(&same, &has); err != nil {
			return fmt.Errorf("read the replica's position: %w", err)
		}
		switch {
		case !same:
			return errStranger
		case has:
			return nil
		case time.Now().Add(pause).After(deadline):
			return errBehind
		}
		time.Sleep(pause)
	}
}

// fail takes the replica out of use, until a read would succeed.
func (r *replica) fail() {
	r.mu.Lock()
	used := r.usable
	r.usable = false
	r.mu.Unlock()
	if used {
		r.retry()
	}
}

// check returns why the replica cannot be used now.
func (r *replica) check() error {
	return r.read(context.Background(), func(context.Context, reader) error { return nil })
}

// retry checks the replica until it can be used.
func (r *replica) retry() {
	r.background.Go(func() {
		for r.check() != nil {
			select {
			case <-time.After(replicaRetry):
			case <-r.closing:
				return
			}
		}
		r.mu.Lock()
		r.usable = true
		r.mu.Unlock()
	})
}
