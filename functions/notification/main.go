// Command notification serves the notification area: list, count and mark notifications.
package main

import "minifb/shared/function"

func main() { function.Main("notification", routes) }
