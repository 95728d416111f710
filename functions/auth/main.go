// Command auth serves the sign-in area: tokens, sessions and the public keys.
package main

import "minifb/shared/function"

func main() { function.Main("auth", routes, function.ToSign) }
