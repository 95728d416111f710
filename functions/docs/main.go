// Command docs serves what a person sees first: the front page, a page on which to try each call, and
// the OpenAPI document of the whole bundle.
package main

import "minifb/shared/function"

func main() { function.Main("docs", routes) }
