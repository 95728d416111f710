package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// freshness is how long reads wait for a replica to catch up with the primary. One that is further behind, or
	// does not respond, is not used.
	freshness = 100 * time.Millisecond
	// replicaTimeout bounds a read on the replica. After it, the primary is read.
	replicaTimeout = time.Second
	// replicaRetry is the pause between attempts to use a replica again.
	replicaRetry = 500 * time.Millisecond
)

// A replica is a standby of the primary that runs hot reads while it is fresh.
//
// A read sees every transaction that was committed before its request arrived, by whichever process. So a process first
// compares: it reads from the primary up to where its log is flushed, and waits until the replica has replayed that
// much. One comparison at a time serves all reads that wait for it, and it begins after each of them.
//
// The positions of two servers can only be compared on the same timeline: after a failover, a standby that does not
// follow the new primary may be ahead of it, with transactions that nobody else has. And the two must be copies of one
// cluster.
type replica struct {
	reader  reader // of the replica
	primary reader
	close   func() error

	mu         sync.Mutex
	usable     bool
	comparing  bool        // whether a goroutine compares
	next       *comparison // nil if no read waits
	closing    chan struct{}
	background sync.WaitGroup
}

// A comparison's result is set before done is closed.
type comparison struct {
	done  chan struct{}
	fresh bool
}

// ReadFrom makes the store run hot reads on a replica while it is fresh, with a pool of its own. url, application,
// connections and options are as for Open. It is called before the first read. ReadFrom opens no connection itself.
func (s *Store) ReadFrom(url, application string, connections int, options ...Option) error {
	other, err := Open(url, application, connections, options...)
	if err != nil {
		return err
	}
	s.hotReads.replica = newReplica(other, s.hotPrimary.reader)
	return nil
}

func newReplica(other *Store, primary reader) *replica {
	r := &replica{reader: other.hotReads, primary: primary, close: other.Close, closing: make(chan struct{})}
	r.retry()
	return r
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

// Close ends what runs in the background, and closes the replica's pool.
func (r *replica) Close() error {
	if r == nil {
		return nil
	}
	close(r.closing)
	r.background.Wait()
	return r.close()
}

// nearest calls read with the replica's reader if the replica is fresh, and with the primary's if it is not, or fails.
func (r reader) nearest(ctx context.Context, read func(context.Context, reader) error) error {
	if r.replica.fresh(ctx) {
		limited, cancel := context.WithTimeout(ctx, replicaTimeout)
		defer cancel()
		err := read(limited, r.replica.reader)
		if err == nil || errors.Is(err, sql.ErrNoRows) || ctx.Err() != nil {
			return err
		}
		r.replica.fail()
	}
	return read(ctx, r)
}

// fresh waits for a comparison that begins now, and returns its result. It returns false at once while the replica is
// not in use.
func (r *replica) fresh(ctx context.Context) bool {
	if r == nil {
		return false
	}
	r.mu.Lock()
	if !r.usable {
		r.mu.Unlock()
		return false
	}
	if r.next == nil {
		r.next = &comparison{done: make(chan struct{})}
	}
	waitFor := r.next
	if !r.comparing {
		r.comparing = true
		r.background.Go(r.compareForAll)
	}
	r.mu.Unlock()
	select {
	case <-waitFor.done:
		return waitFor.fresh
	case <-ctx.Done():
		return false
	}
}

// compareForAll compares until no read waits.
func (r *replica) compareForAll() {
	for {
		r.mu.Lock()
		current := r.next
		r.next = nil
		r.comparing = current != nil
		r.mu.Unlock()
		if current == nil {
			return
		}
		if current.fresh = r.compare() == nil; !current.fresh {
			r.fail()
		}
		close(current.done)
	}
}

const (
	// Where commits do not wait for the disk, one may be acknowledged before the log is flushed.
	flushed = `
		SELECT position::text, ('x' || left(pg_walfile_name(position), 8))::bit(32)::int AS timeline
		FROM (SELECT CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn()
			ELSE pg_current_wal_flush_lsn() END) log (position)`
	// A server that is no standby has replayed nothing.
	hasReplayed = `
		SELECT coalesce(pg_last_wal_replay_lsn() >= $1::text::pg_lsn, false)
			AND (SELECT timeline_id FROM pg_control_checkpoint()) = $2`
)

var (
	errBehind   = errors.New("the replica is behind the primary")
	errStranger = errors.New("the replica is a copy of another database")
)

const identity = `SELECT system_identifier || ' ' || current_database() FROM pg_control_system()`

// check returns nil if the replica is one of the primary, and fresh.
func (r *replica) check() error {
	ctx, cancel := context.WithTimeout(context.Background(), replicaTimeout)
	defer cancel()
	var own, other string
	if err := r.primary.one(ctx, &own, identity); err != nil {
		return fmt.Errorf("read what the primary is: %w", err)
	}
	if err := r.reader.one(ctx, &other, identity); err != nil {
		return fmt.Errorf("read what the replica is: %w", err)
	}
	if own != other {
		return errStranger
	}
	return r.compare()
}

// compare returns nil if the replica has replayed what the primary has flushed before the call.
func (r *replica) compare() error {
	ctx, cancel := context.WithTimeout(context.Background(), freshness)
	defer cancel()
	var log struct {
		Position string
		Timeline int
	}
	if err := r.primary.one(ctx, &log, flushed); err != nil {
		return fmt.Errorf("read the primary's position: %w", err)
	}
	for pause := time.Millisecond; ; pause *= 2 {
		var has bool
		if err := r.reader.one(ctx, &has, hasReplayed, log.Position, log.Timeline); err != nil {
			return fmt.Errorf("read the replica's position: %w", err)
		}
		if has {
			return nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return errBehind
		}
	}
}

// fail takes the replica out of use, until a comparison succeeds.
func (r *replica) fail() {
	r.mu.Lock()
	used := r.usable
	r.usable = false
	r.mu.Unlock()
	if used {
		r.retry()
	}
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
