// Package counters holds the query that compares every counter with the rows that it counts. The tests, the stress test
// and scripts/restore-check run the same text.
package counters

import _ "embed" // for counters.sql

// Query returns one text for each post or comment with a wrong counter, and no row where all counters are right.
//
//go:embed counters.sql
var Query string
