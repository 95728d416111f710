// Package invariants holds the queries that check a database's counters and notifications against
// the rows that they are made from. The tests and the stress test run both, and
// scripts/restore-check runs Counters.
package invariants

import _ "embed" // for the queries

// Counters returns one text for each post or comment with a wrong counter and for each wrong total, and no row if all
// counters are right.
//
//go:embed counters.sql
var Counters string

// Notifications returns one text for each notification that has no comment or reaction, and for
// each comment or reaction that has no notification. It returns no row if they match.
//
//go:embed notifications.sql
var Notifications string
