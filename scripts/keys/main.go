// Command keys creates the pair of keys with which access tokens are signed and checked,
// private.jwk and public.jwks, in the directory that is its argument. Keys that exist are kept.
package main

import (
	"fmt"
	"os"

	"minifb/shared/ops/keys"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: keys DIRECTORY")
		os.Exit(2)
	}
	if _, err := keys.Ensure(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "keys:", err)
		os.Exit(1)
	}
}
