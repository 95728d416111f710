package function

import (
	"errors"
	"fmt"

	"minifb/shared/token"
)

// A Need is what one area demands beside what all do; its error says which variable to set, and how.
type Need func(Deps) error

// ToSign is the need of the area that makes access tokens: a private key whose public half is among those that
// every function checks tokens with.
func ToSign(d Deps) error {
	if d.Signer == nil {
		return errors.New("TOKEN_PRIVATE_KEY is not set; name the private JWK, or its file, that access tokens are signed with")
	}
	probe, err := d.Signer.Sign(token.Claims{UserUID: 1, SessionID: "00000000-0000-0000-0000-000000000000"})
	if err != nil {
		return fmt.Errorf("TOKEN_PRIVATE_KEY: %w", err)
	}
	if _, err := d.Tokens.Verify(probe); err != nil {
		return fmt.Errorf("TOKEN_PRIVATE_KEY: its public half is not in TOKEN_PUBLIC_KEYS: %w", err)
	}
	return nil
}
