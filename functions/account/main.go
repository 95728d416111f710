// Command account serves the accounts area: signing up, profiles, password, deletion.
package main

import "minifb/shared/function"

func main() { function.Main("account", routes) }
