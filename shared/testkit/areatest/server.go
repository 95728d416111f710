// Package areatest is what the areas' tests share: an area over a database of its own, its callers, requests as
// readable steps, and the checks that every area runs.
package areatest

import (
	"context"
	"database/sql"
	"log/slog"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"minifb/shared/function"
	"minifb/shared/password"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
	"minifb/shared/token"
)

// A Server is one area's routes, served over HTTP by a database of the test's own.
type Server struct {
	URL   string // of the area's listener
	Store *store.Store
	DB    *sql.DB // the same database, to look behind the API
	Deps  function.Deps

	t testing.TB
}

// Password is every caller's.
const Password = "correct horse battery staple"

var keys = sync.OnceValues(func() (function.Deps, error) {
	private, public, err := token.GenerateKeys()
	if err != nil {
		return function.Deps{}, err
	}
	signer, err := token.NewSigner(private, "minifb", "minifb")
	if err != nil {
		return function.Deps{}, err
	}
	verifier, err := token.NewVerifier(public, "minifb", "minifb")
	return function.Deps{Signer: signer, Tokens: verifier}, err
})

// New serves an area's routes until the test ends.
func New(t testing.TB, routes function.Routes) *Server {
	t.Helper()
	url := testdb.URL(t)
	s, err := store.Open(url, "test", 20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	deps := depsOf(t, s)
	return &Server{t: t, Store: s, DB: testdb.Open(t, url), Deps: deps, URL: Serve(t, routes, deps)}
}

// depsOf makes what views work with over a store; hashes are cheap, as nobody attacks a test's.
func depsOf(t testing.TB, s *store.Store) function.Deps {
	t.Helper()
	deps, err := keys()
	if err != nil {
		t.Fatal(err)
	}
	deps.Store, deps.Revoked, deps.Passwords = s, s.NewRevokedSessions(), password.New(10)
	return deps
}

// Serve runs routes over deps on an HTTP listener until the test ends, and answers its URL.
func Serve(t testing.TB, routes function.Routes, deps function.Deps) string {
	t.Helper()
	server := httptest.NewServer(function.NewHandler("test", routes, deps, function.Settings{
		Timeout: 30 * time.Second, Log: slog.New(slog.DiscardHandler),
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// A Caller is an account with a session.
type Caller struct {
	ID      string
	UID     int64
	Session string
	Token   string // access token
	Refresh string // refresh token
}

// User signs up an account with this ID, named like it, and signs it in.
func (b *Server) User(id string) *Caller {
	b.t.Helper()
	ctx := context.Background()
	hash, err := b.Deps.Passwords.Hash(ctx, Password)
	if err != nil {
		b.t.Fatal(err)
	}
	user := store.User{ID: id, PasswordHash: hash, Name: id[:min(len(id), 16)]}
	if err := b.Store.CreateUser(ctx, &user); err != nil {
		b.t.Fatal(err)
	}
	return b.SignIn(&Caller{ID: id, UID: user.UID})
}

// SignIn opens another session for the same account.
func (b *Server) SignIn(c *Caller) *Caller {
	b.t.Helper()
	ctx := context.Background()
	credential, err := b.Store.CredentialByID(ctx, c.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	session, refresh, err := b.Store.OpenSession(ctx, credential, "test")
	if err != nil {
		b.t.Fatal(err)
	}
	signed, err := b.Deps.Signer.Sign(token.Claims{UserUID: c.UID, SessionID: session.ID})
	if err != nil {
		b.t.Fatal(err)
	}
	return &Caller{ID: c.ID, UID: c.UID, Session: session.ID, Token: signed, Refresh: refresh}
}

// Exec runs SQL on the bundle's database.
func (b *Server) Exec(query string, args ...any) {
	b.t.Helper()
	if _, err := b.DB.Exec(query, args...); err != nil {
		b.t.Fatal(err)
	}
}

// Int is the one number that a query answers.
func (b *Server) Int(query string, args ...any) (n int) {
	b.t.Helper()
	if err := b.DB.QueryRow(query, args...).Scan(&n); err != nil {
		b.t.Fatal(err)
	}
	return n
}
