// Command reaction serves the reactions area: react to posts and comments, cancel, and list who did.
package main

import "minifb/shared/function"

func main() { function.Main("reaction", routes) }
