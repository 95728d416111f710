package store_test

import (
	"context"
	"database/sql"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"minifb/shared/ops/postgres"
	"minifb/shared/store"
	"minifb/shared/testkit/pgproxy"
	"minifb/shared/testkit/programs"
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

const replicated = "minifb" // the database

func newStandby(t *testing.T) *standby {
	t.Helper()
	s := &standby{T: t}
	s.primaryDir = programs.Folder(s)
	settings := []string{"wal_level=replica", "max_wal_senders=10", "synchronous_commit=on"}
	s.primary = s.start(postgres.Options{Dir: s.primaryDir, Database: replicated, Fast: true, Settings: settings})
	_, err := store.Migrate(t.Context(), s.primary.URL(replicated))
	s.must(err)
	s.options = postgres.Options{Dir: programs.Folder(s), Fast: true, Settings: settings, StandbyOf: s.primary}
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

// mustNotCompare checks that a store whose primary is a standby takes no page of the feed for current.
func (s *standby) mustNotCompare() {
	s.Helper()
	direct, err := store.Open(s.server.URL(replicated), "direct", 1)
	s.must(err)
	defer direct.Close()
	for range 5 {
		pages, err := direct.SharedPosts(s.Context(), 0)
		s.must(err)
		if pages[0][0].Memo != nil {
			s.Error("a page was compared by the snapshot of a standby")
		}
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

// onStandby reads a value from the standby.
func (s *standby) onStandby(query string, value any) error {
	db, err := sql.Open("pgx", s.server.URL(replicated))
	if err != nil {
		return err
	}
	defer db.Close()
	return db.QueryRowContext(s.Context(), query).Scan(value)
}

// balance returns the URL of an address that leads to one server after the other.
func (s *standby) balance(servers ...*postgres.Cluster) string {
	s.Helper()
	var sockets []string
	for _, server := range servers {
		u, err := url.Parse(server.URL(replicated))
		s.must(err)
		sockets = append(sockets, filepath.Join(u.Query().Get("host"), ".s.PGSQL."+u.Query().Get("port")))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	s.must(err)
	s.Cleanup(func() { _ = listener.Close() })
	go func() {
		for i := 0; ; i++ {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", sockets[i%len(sockets)])
			if err != nil {
				_ = client.Close()
				continue
			}
			go func() { defer client.Close(); _, _ = io.Copy(client, server) }()
			go func() { defer server.Close(); _, _ = io.Copy(server, client) }()
		}
	}()
	return "postgres://" + postgres.User + "@" + listener.Addr().String() + "/" + replicated + "?sslmode=disable"
}
