// Command comment serves the comment area: add, list, get, edit and delete a comment.
package main

import "minifb/shared/function"

func main() { function.Main("comment", routes) }
