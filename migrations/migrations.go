// Package migrations holds the schema's steps, in order. A step only adds; what it replaces goes a release later.
package migrations

import "embed"

// Files are the steps: NNNN_what.tx.up.sql and its .down.sql, each run in a transaction.
//
//go:embed *.sql
var Files embed.FS
