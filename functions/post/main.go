// Command post serves the post area: create, get, edit and delete a post, and list all.
package main

import "minifb/shared/function"

func main() { function.Main("post", routes) }
