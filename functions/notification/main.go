// Command notification serves the notifications area: what others did to one's posts, and what of it was read.
package main

import "minifb/shared/function"

func main() { function.Main("notification", routes) }
