// Command maintenance does by a schedule what no request waits for: it mails temporary passwords,
// deletes the rows of deleted accounts, and prunes what has expired.
package main

import "minifb/shared/function"

func main() { function.Main("maintenance", routes) }
