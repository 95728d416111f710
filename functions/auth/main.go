// Command auth serves the auth area: sign-in, tokens, sessions, public keys.
package main

import "minifb/shared/function"

func main() { function.Main("auth", routes, function.ToSign) }
