// Command account serves the account area: sign-up, profiles, passwords, deletion.
package main

import "minifb/shared/function"

func main() { function.Main("account", routes) }
