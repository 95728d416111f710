// Command post serves the posts area: write, read, edit and delete a post, and the feed.
package main

import "minifb/shared/function"

func main() { function.Main("post", routes) }
