// Command comment serves the comments area: add, list, read, edit and delete a comment.
package main

import "minifb/shared/function"

func main() { function.Main("comment", routes) }
