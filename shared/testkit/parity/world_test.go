package parity

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"minifb/shared/password"
	"minifb/shared/store"
	"minifb/shared/testkit/areatest"
	"minifb/shared/testkit/testdb"
	"minifb/shared/token"
)

// A world is what one way in has to itself: a database with the same people in it as in every other, and the line to it.
type world struct {
	line   *line
	db     *sql.DB           // past the line
	words  *strings.Replacer // {token:ann.1} and the like, by this world's own
	socket string            // a folder for sockets, short enough for them
}

type keyPair struct{ private, public string }

// newWorld makes the callers in this order, each with a session and a post, so that ids are the same in every world.
func newWorld(t *testing.T, keys keyPair, callers []string) *world {
	t.Helper()
	address := testdb.URL(t)
	w := &world{socket: folder(t)}
	w.line = newLine(t, address, w.socket)

	s, err := store.Open(address, "parity", 2)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	signer, err := token.NewSigner(keys.private, "minifb", "minifb")
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	hash, err := password.New(10).Hash(ctx, areatest.Password)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, id := range callers {
		user := store.User{ID: id, PasswordHash: hash, Name: id}
		must(t, s.CreateUser(ctx, &user))
		credential, err := s.CredentialByID(ctx, id)
		must(t, err)
		session, refresh, err := s.OpenSession(ctx, credential, "parity")
		must(t, err)
		access, err := signer.Sign(token.Claims{UserUID: user.UID, SessionID: session.ID})
		must(t, err)
		words = append(words, "{token:"+id+"}", access, "{refresh:"+id+"}", refresh)
	}
	w.words = strings.NewReplacer(words...)
	w.db = testdb.Open(t, address)
	for uid := range callers {
		_, err := w.db.Exec(`INSERT INTO posts (owner_uid, content) VALUES ($1, $2)`, uid+1, fmt.Sprintf("글 %d", uid+1))
		must(t, err)
	}
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "p")
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// A line is the way to a database, for a test to cut.
type line struct {
	url      string
	listener net.Listener
	forgot   atomic.Int64 // how often those in between have forgotten every connection so far
	mu       sync.Mutex
	open     map[net.Conn]bool
}

// newLine lays a line to the database at address, from a socket in dir.
func newLine(t *testing.T, address, dir string) *line {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	must(t, err)
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	must(t, err)
	there := url.URL{
		Scheme: "postgres", User: url.UserPassword(config.User, config.Password), Path: "/" + config.Database,
		RawQuery: url.Values{"host": {dir}, "port": {"5432"}}.Encode(),
	}
	l := &line{url: there.String(), listener: listener, open: map[net.Conn]bool{}}
	network, server := pgconn.NetworkAddress(config.Host, config.Port)
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial(network, server)
			if err != nil {
				_ = near.Close()
				continue
			}
			l.keep(near, far)
			known := l.forgot.Load()
			go l.pass(near, far, known)
			go l.pass(far, near, known)
		}
	}()
	t.Cleanup(l.cut)
	return l
}

func (l *line) keep(ends ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, end := range ends {
		l.open[end] = true
	}
}

// pass lets bytes through until the connection is forgotten. From then on they vanish: neither end hears of it.
func (l *line) pass(to, from net.Conn, known int64) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			break
		}
		if l.forgot.Load() == known {
			_, _ = to.Write(buffer[:n])
		}
	}
	_, _ = to.Close(), from.Close()
}

// forget makes every standing connection a dead one; new ones are good.
func (l *line) forget() { l.forgot.Add(1) }

// cut ends every connection and lets no other through.
func (l *line) cut() {
	_ = l.listener.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	for end := range l.open {
		_ = end.Close()
	}
}
