// Command timeline serves the timeline area: the posts of one user.
package main

import "minifb/shared/function"

func main() { function.Main("timeline", routes) }
