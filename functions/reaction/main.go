// Command reaction serves the reaction area: put, cancel and list reactions to posts and comments.
package main

import "minifb/shared/function"

func main() { function.Main("reaction", routes) }
