// Package keys keeps the pair of keys with which access tokens are signed and checked, as two files
// in a directory.
package keys

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"minifb/shared/token"
)

// Private returns the path of the private key in dir, a JWK that only the function auth gets.
func Private(dir string) string { return filepath.Join(dir, "private.jwk") }

// Public returns the path of the public keys in dir, a JWK set that every function gets.
func Public(dir string) string { return filepath.Join(dir, "public.jwks") }

// Ensure creates the pair in dir, unless it exists. Only the owner can read the files. No file is
// replaced, so it is an error if only one of the two exists. The private key is written last: while
// it exists, the pair is whole.
func Ensure(dir string) (created bool, err error) {
	private, public := Private(dir), Public(dir)
	unfinished := private + ".unfinished"
	hasPrivate, err1 := exists(private)
	hasPublic, err2 := exists(public)
	hasUnfinished, err3 := exists(unfinished)
	switch err := errors.Join(err1, err2, err3); {
	case err != nil:
		return false, fmt.Errorf("look for the keys: %w", err)
	case hasPrivate && hasPublic:
		return false, nil
	case hasPublic && hasUnfinished: // an earlier call was interrupted before its last step
		return true, os.Rename(unfinished, private)
	case hasPrivate || hasPublic:
		return false, fmt.Errorf("%s holds only one of private.jwk and public.jwks, which belong together: "+
			"add the other, or move this one away to get a new pair", dir)
	}
	key, set, err := token.GenerateKeys()
	if err != nil {
		return false, err
	}
	unfinishedSet := public + ".unfinished"
	err = os.MkdirAll(dir, 0o700)
	for _, step := range []func() error{
		func() error { return write(unfinished, key) },
		func() error { return write(unfinishedSet, set) },
		func() error { return os.Rename(unfinishedSet, public) },
		func() error { return os.Rename(unfinished, private) },
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

// Signer returns a signer of access tokens for the given issuer and audience with the private key
// in dir.
func Signer(dir, issuer, audience string) (*token.Signer, error) {
	key, err := os.ReadFile(Private(dir))
	if err != nil {
		return nil, fmt.Errorf("read the private key: %w", err)
	}
	return token.NewSigner(string(key), issuer, audience)
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// write writes a file that only its owner can read, and waits until it is on the disk.
func write(path, content string) error {
	_ = os.Remove(path) // an interrupted call may have left it, with other permissions
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	return errors.Join(err, f.Sync(), f.Close())
}
