// Command timeline serves the timelines area: one user's own posts.
package main

import "minifb/shared/function"

func main() { function.Main("timeline", routes) }
