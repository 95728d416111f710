package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"minifb/shared/token"
)

// makeKeys makes the pair that access tokens are signed and checked with, unless dir holds one. The private key is written last:
// where it is, the pair is whole.
func makeKeys(dir string) (did string, err error) {
	private, public := filepath.Join(dir, "private.jwk"), filepath.Join(dir, "public.jwks")
	if _, err := os.Stat(private); err == nil {
		return "found", nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("look for the keys: %w", err)
	}
	key, set, err := token.GenerateKeys()
	if err != nil {
		return "", fmt.Errorf("make the keys: %w", err)
	}
	if err := os.WriteFile(public, []byte(set), 0o600); err != nil {
		return "", fmt.Errorf("keep the keys: %w", err)
	}
	unfinished := private + ".unfinished"
	if err := errors.Join(os.WriteFile(unfinished, []byte(key), 0o600), os.Rename(unfinished, private)); err != nil {
		return "", fmt.Errorf("keep the keys: %w", err)
	}
	return "made", nil
}
