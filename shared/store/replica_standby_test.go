package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"minifb/shared/ops/postgres"
	"minifb/shared/store"
	"minifb/shared/testkit/pgproxy"
	"minifb/shared/testkit/programs"
	"minifb/shared/testkit/testdb"
)

// A standby is a primary and a standby of it, and what a function would have opened on them.
type standby struct {
	*testing.T
	primaryDir      string
	options         postgres.Options // of the standby
	primary, server *postgres.Cluster
	proxy           *pgproxy.Proxy // in front of the standby
	owner           *store.Store   // of the primary
	user            int64
	reads           counter // statements on the standby, from the stores that open returned
	filter          atomic.Pointer[pgproxy.Filter]
}

// A counter counts statements.
type counter struct{ atomic.Int64 }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if strings.Contains(data.SQL, "FROM posts") {
		c.Add(1)
	}
	return ctx
}

func (*counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (s *standby) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *standby) start(o postgres.Options) *postgres.Cluster {
	s.Helper()
	c, err := postgres.Start(context.Background(), o)
	s.must(err)
	s.Cleanup(func() { _ = c.Stop() })
	return c
}

// folder returns one that the user of PostgreSQL can reach; that of t.TempDir is in a private one.
func (s *standby) folder() string {
	s.Helper()
	dir, err := os.MkdirTemp("", "mf")
	s.must(err)
	s.Cleanup(func() { _ = os.RemoveAll(dir) })
	s.must(os.Chmod(dir, 0o755))
	return dir
}

const replicated = "minifb" // the database

func newStandby(t *testing.T) *standby {
	t.Helper()
	s := &standby{T: t}
	s.primaryDir = s.folder()
	settings := []string{"wal_level=replica", "max_wal_senders=10", "synchronous_commit=on"}
	s.primary = s.start(postgres.Options{Dir: s.primaryDir, Database: replicated, Fast: true, Settings: settings})
	_, err := store.Migrate(t.Context(), s.primary.URL(replicated))
	s.must(err)
	s.options = postgres.Options{Dir: s.folder(), Fast: true, Settings: settings, StandbyOf: s.primary}
	s.server = s.start(s.options)
	s.proxy, err = pgproxy.New(s.server.URL(replicated), func(fromServer bool, text []byte) bool {
		filter := s.filter.Load()
		return filter == nil || (*filter)(fromServer, text)
	})
	s.must(err)
	t.Cleanup(s.proxy.Close)
	s.owner, err = store.Open(s.primary.URL(replicated), "test", 2)
	s.must(err)
	t.Cleanup(func() { _ = s.owner.Close() })
	s.must(s.owner.DB().QueryRowContext(t.Context(), `
		INSERT INTO users (id, password_hash, name) VALUES ('user.1', 'no password', 'User')
		RETURNING uid`).Scan(&s.user))
	return s
}

// open returns what the function post would open.
func (s *standby) open() *store.Store {
	s.Helper()
	url, err := postgres.FunctionsURL(s.primary.URL(replicated))
	s.must(err)
	role := func(url string) string { return strings.ReplaceAll(url, "{function}", "post") }
	opened, err := store.Open(role(url), "post", 4)
	s.must(err)
	s.must(opened.ReadFrom(role(s.proxy.FunctionsURL), "post", 4, store.WithTracer(&s.reads)))
	s.Cleanup(func() { _ = opened.Close() })
	return opened
}

// mustSee checks that a post is read as soon as it was created, by another process.
func (s *standby) mustSee(when string, writer, reader *store.Store) {
	s.Helper()
	created, err := createPost(s.Context(), writer, s.user, when)
	s.must(err)
	read, err := reader.Post(s.Context(), s.user, created.ID)
	if err != nil || read.Content != when {
		s.Fatalf("%s: the post is read as %+v, %v", when, read, err)
	}
	list, err := reader.Posts(s.Context(), 0, store.Page{Size: 1})
	if err != nil || list.Items[0].ID != created.ID {
		s.Fatalf("%s: the feed begins with %+v, %v", when, list, err)
	}
}

func (s *standby) inUse(reader *store.Store) {
	s.Helper()
	programs.Until(s, "the replica is in use", reader.ReplicaInUse)
}

// onServer runs statements on the standby.
func (s *standby) onServer(statements ...string) {
	s.Helper()
	db, err := sql.Open("pgx", s.server.URL("postgres"))
	s.must(err)
	defer db.Close()
	for _, statement := range statements {
		_, err := db.ExecContext(s.Context(), statement)
		s.must(err)
	}
}

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
