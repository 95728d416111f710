package bundle

import (
	"context"

	"minifb/shared/store"
	"minifb/shared/token"
)

// unusable is a hash that no password has.
const unusable = "pbkdf2:sha256:1$none$00"

// SignIn creates a user with this ID and a session, for programs that send load, and returns the claims that
// Bundle.Signer signs for the session. The user has no password. It is an error if the ID is taken.
func (b *Bundle) SignIn(ctx context.Context, id string) (token.Claims, error) {
	s, err := store.Open(b.DatabaseURL, "bundle", 1)
	if err != nil {
		return token.Claims{}, err
	}
	defer s.Close()
	user := store.User{ID: id, Name: "Tester", PasswordHash: unusable}
	if err := s.CreateUser(ctx, &user); err != nil {
		return token.Claims{}, err
	}
	session, _, err := s.OpenSession(ctx, store.Credential{UID: user.UID, Hash: user.PasswordHash}, "bundle")
	return token.Claims{UserUID: user.UID, SessionID: session.ID}, err
}
