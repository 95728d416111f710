// Command backoffice serves the back office: what only administrators may see and do.
package main

import "minifb/shared/function"

func main() { function.Main("backoffice", routes) }
