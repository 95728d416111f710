// Package areatest runs one area over a database of its own for tests. It makes the accounts and
// rows that they need, sends their requests, and holds the checks that every area shares.
package areatest

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"minifb/shared/api"
	"minifb/shared/config"
	"minifb/shared/function"
	"minifb/shared/password"
	"minifb/shared/reload"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
	"minifb/shared/token"
)

// A Server serves one area's routes over HTTP, with a database that belongs to the test.
type Server struct {
	URL   string        // the base URL, without a slash at the end
	Store *store.Store  // for fixtures: it may do everything
	DB    *sql.DB       // the same database, for what the API does not show
	Deps  function.Deps // its store may do what the area's role may

	t           testing.TB
	databaseURL string // with the area's role
}

// Password is the password of every account that User creates.
const Password = "correct horse battery staple"

var tokenDeps = sync.OnceValues(func() (function.Deps, error) {
	private, public, err := token.GenerateKeys()
	if err != nil {
		return function.Deps{}, err
	}
	signer, err := token.NewSigner(reload.Text(private), "minifb", "minifb")
	if err != nil {
		return function.Deps{}, err
	}
	verifier, err := token.NewVerifier(reload.Text(public), "minifb", "minifb")
	return function.Deps{Signer: signer, Tokens: verifier}, err
})

// New serves an area's routes until the test ends.
func New(t testing.TB, routes function.Routes) *Server {
	t.Helper()
	s := newServer(t)
	s.URL = Serve(t, routes, s.Deps)
	return s
}

// newServer returns a server that has everything but a URL.
func newServer(t testing.TB) *Server {
	t.Helper()
	url := testdb.URL(t)
	db, err := store.Open(url, "test", 20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	address := url
	if role() != "" {
		if address, err = testdb.WithRole(url, role()); err != nil {
			t.Fatal(err)
		}
	}
	own, err := store.Open(address, "test", 20, store.WithTracer(&executed))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Close() })
	deps, err := newDeps(own)
	if err != nil {
		t.Fatal(err)
	}
	return &Server{t: t, Store: db, DB: testdb.Open(t, url), Deps: deps, databaseURL: address}
}

// newDeps returns what views depend on. Hashing a password takes 10 iterations only, so that tests
// are fast.
func newDeps(s *store.Store) (function.Deps, error) {
	deps, err := tokenDeps()
	if err != nil {
		return function.Deps{}, err
	}
	deps.Store, deps.Revoked, deps.Passwords, deps.Zone = s, s.NewRevokedSessions(), password.New(10), time.UTC
	return deps, nil
}

// Serve serves the routes until the test ends, and returns the base URL. Main counts the requests.
func Serve(t testing.TB, routes function.Routes, deps function.Deps) string {
	t.Helper()
	handler := newHandler(routes, deps, nil)
	return listen(t, calls.recorder(handler, handler.API().OpenAPI()))
}

// serveUncounted is Serve for the shared checks, whose requests do not count as tests of a route.
func serveUncounted(t testing.TB, routes function.Routes, deps function.Deps) string {
	t.Helper()
	return listen(t, newHandler(routes, deps, nil))
}

func newHandler(routes function.Routes, deps function.Deps, proxies config.Networks) *function.Handler {
	return function.NewHandler("test", routes, deps, function.Settings{
		Origins: api.AllOrigins,
		Timeout: 30 * time.Second, TrustedProxies: proxies, Log: slog.New(slog.DiscardHandler),
	})
}

func listen(t testing.TB, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// A Caller is an account with a session.
type Caller struct {
	ID      string
	UID     int64
	Session string // the session's id
	Token   string // an access token of the session
	Refresh string // its refresh token
}

// User creates an account with this ID, the same name (its first 16 characters) and Password, and
// signs it in.
func (s *Server) User(id string) *Caller {
	s.t.Helper()
	ctx := context.Background()
	hash, err := s.Deps.Passwords.Hash(ctx, password.Requester{}, Password)
	if err != nil {
		s.t.Fatal(err)
	}
	user := store.User{ID: id, PasswordHash: hash, Name: id[:min(len(id), 16)]}
	if err := s.Store.CreateUser(ctx, &user); err != nil {
		s.t.Fatal(err)
	}
	return s.SignIn(&Caller{ID: id, UID: user.UID})
}

// Administrator creates an administrator who is signed in.
func (s *Server) Administrator(id string) *Caller {
	s.t.Helper()
	c := s.User(id)
	if _, err := s.Store.GrantAdministrator(context.Background(), id); err != nil {
		s.t.Fatal(err)
	}
	return s.SignIn(c) // the promotion has revoked the first session
}

// SignIn opens another session of the caller's account.
func (s *Server) SignIn(c *Caller) *Caller {
	s.t.Helper()
	ctx := context.Background()
	credential, err := s.Store.CredentialByID(ctx, c.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.signIn(c, credential, s.Store.OpenSession)
}

// SignInRestricted opens a session of the caller's account with a temporary password, and returns
// that password, too.
func (s *Server) SignInRestricted(c *Caller) (restricted *Caller, temporary string) {
	s.t.Helper()
	ctx := context.Background()
	temporary, _, err := s.Store.IssueTemporaryPassword(ctx, c.UID)
	if err != nil {
		s.t.Fatal(err)
	}
	credential, err := s.Store.CredentialByID(ctx, c.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.signIn(c, credential, s.Store.OpenRestrictedSession), temporary
}

func (s *Server) signIn(
	c *Caller, credential store.Credential,
	open func(context.Context, store.Credential, string) (store.Session, string, error),
) *Caller {
	s.t.Helper()
	session, refresh, err := open(context.Background(), credential, "test")
	if err != nil {
		s.t.Fatal(err)
	}
	signed, err := s.Deps.Signer.Sign(token.Claims{
		UserUID: c.UID, SessionID: session.ID, MustChangePassword: session.Restricted,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return &Caller{ID: c.ID, UID: c.UID, Session: session.ID, Token: signed, Refresh: refresh}
}

// Exec executes SQL on the server's database.
func (s *Server) Exec(query string, args ...any) {
	s.t.Helper()
	if _, err := s.DB.Exec(query, args...); err != nil {
		s.t.Fatal(err)
	}
}

// Int returns the number that a query selects.
func (s *Server) Int(query string, args ...any) (n int) {
	s.t.Helper()
	if err := s.DB.QueryRow(query, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}
