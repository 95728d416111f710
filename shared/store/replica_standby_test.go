package store_test

import (
	"bytes"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"minifb/shared/ops/postgres"
	"minifb/shared/store"
	"minifb/shared/testkit/pgproxy"
	"minifb/shared/testkit/programs"
	"minifb/shared/testkit/testdb"
)

// A user's own writes are read at once, by whichever process, while the replica follows, is behind, hangs, is down, and
// is no replica any more.
func TestReplica(t *testing.T) {
	t.Parallel()
	s := newStandby(t)
	writer, reader := s.open(), s.open()

	s.inUse(reader)
	for range 200 {
		s.mustSee("the replica follows", writer, reader)
	}
	if n := s.reads.Load(); n == 0 {
		t.Error("no read ran on the replica")
	}
	s.mustNotCompare()

	s.onServer(`ALTER SYSTEM SET recovery_min_apply_delay = '10s'`, `SELECT pg_reload_conf()`)
	s.mustSee("the replica begins to be 10 s behind", writer, reader)
	programs.Until(t, "the replica is not in use", func() bool {
		s.mustSee("the replica is 10 s behind", writer, reader)
		return !reader.ReplicaInUse()
	})
	before := s.reads.Load()
	s.mustSee("the replica is behind", writer, reader)
	if n := s.reads.Load() - before; n > 0 {
		t.Errorf("%d reads on a replica that is behind", n)
	}
	s.onServer(`ALTER SYSTEM RESET recovery_min_apply_delay`, `SELECT pg_reload_conf()`)
	s.inUse(reader)
	s.mustSee("the replica has caught up", writer, reader)

	s.proxy.Stall()
	begun := time.Now()
	s.mustSee("the replica's connections are dead", writer, reader)
	if took := time.Since(begun); took > store.MaxWait {
		t.Errorf("a replica that hangs made reads wait for %s", took)
	}
	s.inUse(reader)

	s.must(s.server.Stop())
	s.mustSee("the replica is down", writer, reader)
	s.server = s.start(s.options)
	s.inUse(reader)
	s.mustSee("the replica is back", writer, reader)

	s.onServer(`SELECT pg_promote()`)
	s.mustSee("the replica was promoted", writer, reader)
	programs.Until(t, "a server that was promoted is no replica", func() bool {
		s.mustSee("the replica is a primary", writer, reader)
		return !reader.ReplicaInUse()
	})
}

// The primary is read when a read on the replica fails, or hangs.
func TestReadThatFailsOnTheReplica(t *testing.T) {
	t.Parallel()
	s := newStandby(t)
	writer := s.open()
	ended := make(chan struct{})
	t.Cleanup(func() { close(ended) })
	for what, filter := range map[string]pgproxy.Filter{
		"the connection breaks": func(_ bool, text []byte) bool { return !bytes.Contains(text, []byte("FROM posts")) },
		"the replica hangs": func(_ bool, text []byte) bool {
			if bytes.Contains(text, []byte("FROM posts")) {
				<-ended
			}
			return true
		},
	} {
		reader := s.open() // it has not sent the text of a statement yet
		s.inUse(reader)
		s.filter.Store(&filter)
		before := s.reads.Load()
		s.mustSee(what, writer, reader)
		if s.reads.Load() == before {
			t.Errorf("%s: no read was sent to the replica", what)
		}
		s.filter.Store(nil)
	}
}

// Close ends the sessions on the replica, too.
func TestCloseEndsTheSessionsOnTheReplica(t *testing.T) {
	t.Parallel()
	s := newStandby(t)
	opened := s.open()
	s.inUse(opened)
	sessions := func() (n int) {
		s.must(s.onStandby(`SELECT count(*) FROM pg_stat_activity WHERE application_name = 'minifb post'`, &n))
		return n
	}
	if sessions() == 0 {
		t.Fatal("a replica in use has no session")
	}
	s.must(opened.Close())
	programs.Until(t, "no session is left on the replica", func() bool { return sessions() == 0 })
}

// Behind one address there may be several standbys, of which one is behind.
func TestSeveralReplicas(t *testing.T) {
	t.Parallel()
	s := newStandby(t)
	writer := s.open()
	behind := s.options
	behind.Dir = programs.Folder(s)
	paused := s.start(behind)
	s.server, paused = paused, s.server
	s.onServer(`SELECT pg_wal_replay_pause()`)

	url := s.balance(s.server, paused)
	reader, err := store.Open(s.primary.URL(replicated), "test", 4)
	s.must(err)
	defer reader.Close()
	s.must(reader.ReadFrom(url, "test", 4, store.WithTracer(&s.reads)))
	for range 5 {
		s.inUse(reader)
		var all sync.WaitGroup
		for range 4 { // on as many connections
			all.Go(func() {
				created, err := createPost(t.Context(), writer, s.user, "content")
				if err == nil {
					_, err = reader.Post(t.Context(), s.user, created.ID)
				}
				if err != nil {
					t.Error("one replica of two is behind: ", err)
				}
			})
		}
		all.Wait()
	}
	if s.reads.Load() == 0 {
		t.Error("no read ran on a replica")
	}
}

// A replica of another database is never used, however fresh it is.
func TestReplicaOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	s := newStandby(t)
	other, err := store.Open(testdb.URL(t), "test", 2)
	s.must(err)
	defer other.Close()
	s.must(other.ReadFrom(s.server.URL(replicated), "test", 2))
	if err := other.CheckReplica(); err == nil || !strings.Contains(err.Error(), "another database") {
		t.Errorf("a replica of another cluster: %v", err)
	}
	elsewhere, err := store.Open(s.primary.URL(replicated), "test", 2)
	s.must(err)
	defer elsewhere.Close()
	s.must(elsewhere.ReadFrom(s.server.URL("postgres"), "test", 2))
	if err := elsewhere.CheckReplica(); err == nil || !strings.Contains(err.Error(), "another database") {
		t.Errorf("another database of the replica: %v", err)
	}
}

// After a failover, the former primary may have replayed more than the new one has written, with transactions that
// nobody else has. It is not used.
func TestReplicaOfAFormerTimeline(t *testing.T) {
	t.Parallel()
	s := newStandby(t)
	s.onServer(`ALTER SYSTEM SET primary_conninfo = ''`, `SELECT pg_reload_conf()`)
	programs.Until(t, "the standby is cut off", func() bool {
		var receivers int
		s.must(s.owner.DB().QueryRow(`SELECT count(*) FROM pg_stat_replication`).Scan(&receivers))
		return receivers == 0
	})
	for range 1000 { // the new primary writes some WAL when it is promoted
		_, err := createPost(t.Context(), s.owner, s.user, strings.Repeat("lost ", 500))
		s.must(err)
	}
	s.must(s.primary.Stop())
	s.onServer(`SELECT pg_promote()`)

	former := s.options
	former.Dir, former.StandbyOf = s.primaryDir, nil
	s.must(os.WriteFile(filepath.Join(former.Dir, "postgres", "data", "standby.signal"), nil, 0o666))
	old := s.start(former)
	next, err := store.Open(s.server.URL(replicated), "test", 2)
	s.must(err)
	defer next.Close()
	s.must(next.ReadFrom(old.URL(replicated), "test", 2))
	var ahead bool
	s.must(next.DB().QueryRow(`SELECT $1::pg_lsn > pg_current_wal_flush_lsn()`, replayed(s, old)).Scan(&ahead))
	if err := next.CheckReplica(); err == nil || !ahead {
		t.Errorf("ahead: %t; the check returns %v", ahead, err)
	}
}

func replayed(s *standby, c *postgres.Cluster) (position string) {
	s.Helper()
	db, err := sql.Open("pgx", c.URL(replicated))
	s.must(err)
	defer db.Close()
	s.must(db.QueryRowContext(s.Context(), `SELECT pg_last_wal_replay_lsn()::text`).Scan(&position))
	return position
}
