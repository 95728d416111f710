package function

import (
	"errors"
	"fmt"

	"minifb/shared/config"
	"minifb/shared/token"
)

// ToSign is the requirement of the area that signs access tokens and publishes their keys: a private
// key whose public half is one of the public keys, which it does not get from elsewhere. Without
// that, every function would refuse the tokens.
func ToSign(c config.Config) error {
	if c.TokenPrivateKey == "" {
		return errors.New("TOKEN_PRIVATE_KEY: name the private JWK set that access tokens are signed with, or its file")
	}
	if c.Signer == nil || c.Verifier == nil { // reported already
		return nil
	}
	if c.Verifier.FromURL() {
		return errors.New("TOKEN_PUBLIC_KEYS: name the JWK set or its file, as this function publishes it")
	}
	signed, err := c.Signer.Sign(token.Claims{UserUID: 1, SessionID: "00000000-0000-0000-0000-000000000000"})
	if err != nil {
		return fmt.Errorf("TOKEN_PRIVATE_KEY: %w", err)
	}
	if _, err := c.Verifier.Verify(signed); err != nil {
		return fmt.Errorf("TOKEN_PRIVATE_KEY: its public half is not in TOKEN_PUBLIC_KEYS: %w", err)
	}
	return nil
}
