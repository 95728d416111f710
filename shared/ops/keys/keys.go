// Package keys keeps the keys with which access tokens are signed and checked, as two files in a
// directory.
package keys

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"minifb/shared/reload"
	"minifb/shared/token"
)

// Private returns the path of the private keys in dir, a JWK set that only the function auth gets.
func Private(dir string) string { return filepath.Join(dir, "private.jwk") }

// Public returns the path of the public keys in dir, a JWK set that every function gets.
func Public(dir string) string { return filepath.Join(dir, "public.jwks") }

// Ensure creates the first key in dir, unless the two files exist. Only the owner can read them. No
// file is replaced, so it is an error if only one of the two exists. The private key is written
// last: while it exists, both files are whole.
func Ensure(dir string) (created bool, err error) {
	private, public := Private(dir), Public(dir)
	hasPrivate, err1 := exists(private)
	hasPublic, err2 := exists(public)
	hasUnfinished, err3 := exists(unfinished(private))
	switch err := errors.Join(err1, err2, err3); {
	case err != nil:
		return false, fmt.Errorf("look for the keys: %w", err)
	case hasPrivate && hasPublic:
		return false, nil
	case hasPublic && hasUnfinished: // an earlier call was interrupted before its last step
		return true, os.Rename(unfinished(private), private)
	case hasPrivate || hasPublic:
		return false, fmt.Errorf("%s holds only one of private.jwk and public.jwks, which belong together: "+
			"add the other, or move this one away to get a new pair", dir)
	}
	key, set, err := token.GenerateKeys()
	if err != nil {
		return false, err
	}
	err = os.MkdirAll(dir, 0o700)
	for _, step := range []func() error{
		func() error { return write(unfinished(private), key, nil) },
		func() error { return write(unfinished(public), set, nil) },
		func() error { return os.Rename(unfinished(public), public) },
		func() error { return os.Rename(unfinished(private), private) },
		func() error { return syncDir(dir) },
	} {
		if err == nil {
			err = step()
		}
	}
	if err != nil {
		return false, fmt.Errorf("create the keys: %w", err)
	}
	return true, nil
}

// Signer returns a signer of access tokens for the given issuer and audience with the private keys
// in dir.
func Signer(dir, issuer, audience string) (*token.Signer, error) {
	return token.NewSigner(reload.File(Private(dir)), issuer, audience)
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
