// Command keys makes the pair that access tokens are signed and checked with: private.jwk and public.jwks in the folder that it is
// given. Keys that are there already stay.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"minifb/shared/token"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "keys: name one folder")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "keys:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	private, public := filepath.Join(folder, "private.jwk"), filepath.Join(folder, "public.jwks")
	_, errPrivate := os.Stat(private)
	_, errPublic := os.Stat(public)
	switch {
	case errPrivate == nil && errPublic == nil:
		return nil
	case errPrivate == nil || errPublic == nil:
		return fmt.Errorf("%s holds one of private.jwk and public.jwks; they are a pair: bring the other, or take both away", folder)
	case !errors.Is(errPrivate, os.ErrNotExist):
		return errPrivate
	}
	secret, set, err := token.GenerateKeys()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(private, []byte(secret), 0o600); err != nil {
		return err
	}
	return os.WriteFile(public, []byte(set), 0o600)
}
