package bundle

import (
	"strings"
	"testing"

	"minifb/shared/password"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

const (
	operatorPassword = "the operator's password"
	squatterPassword = "another user's password"
)

// adminFixture is a bundle with a database, of which only ensureAdmin is called.
func adminFixture(t *testing.T) (*Bundle, *store.Store) {
	t.Helper()
	b := New(Options{AdminID: "operator", AdminPassword: operatorPassword})
	b.DatabaseURL = testdb.URL(t)
	s, err := store.Open(b.DatabaseURL, "test", 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return b, s
}

func signUp(t *testing.T, s *store.Store, id, plain string) {
	t.Helper()
	hash, err := password.New(1000).Hash(t.Context(), password.Requester{}, plain)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CreateUser(t.Context(), &store.User{ID: id, PasswordHash: hash, Name: "operator"}); err != nil {
		t.Fatal(err)
	}
}

func role(t *testing.T, s *store.Store) string {
	t.Helper()
	user, err := s.UserByID(t.Context(), "operator")
	if err != nil {
		t.Fatal(err)
	}
	return user.Role
}

// Whoever signs up with the operator's ID first does not become an administrator by the operator's next start.
func TestAdministratorBySquattingIsRefused(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"operator", "Operator"} {
		b, s := adminFixture(t)
		signUp(t, s, id, squatterPassword)
		err := b.ensureAdmin(t.Context())
		if err == nil || !strings.Contains(err.Error(), "make admin ID="+id) ||
			strings.Contains(err.Error(), operatorPassword) {
			t.Errorf("got %v, want an error that says what to do", err)
		}
		if got := role(t, s); got != "user" {
			t.Errorf("the role of %s is %s, want user", id, got)
		}
	}
}

func TestOwnAccountIsPromotedAndSignedOut(t *testing.T) {
	t.Parallel()
	b, s := adminFixture(t)
	signUp(t, s, "operator", operatorPassword)
	credential, err := s.CredentialByID(t.Context(), "operator")
	if err != nil {
		t.Fatal(err)
	}
	session, _, err := s.OpenSession(t.Context(), credential, "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.ensureAdmin(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := role(t, s); got != "admin" {
		t.Errorf("the role is %s, want admin", got)
	}
	if err := s.RevokeSession(t.Context(), credential.UID, session.ID); err == nil {
		t.Error("the session from before the promotion is still valid")
	}
}

// An administrator may have changed the password since the first start, and starts may run at once.
func TestAdministratorIsCreatedOnce(t *testing.T) {
	t.Parallel()
	b, s := adminFixture(t)
	results := make(chan error, 4)
	for range cap(results) {
		go func() { results <- b.ensureAdmin(t.Context()) }()
	}
	for range cap(results) {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	b.o.AdminPassword = "a password that is no longer the administrator's"
	if err := b.ensureAdmin(t.Context()); err != nil {
		t.Error(err)
	}
	if users, err := s.Administrators(t.Context()); err != nil || len(users) != 1 {
		t.Errorf("the administrators are %v, %v, want one", users, err)
	}
}
