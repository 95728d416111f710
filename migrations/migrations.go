// Package migrations holds the SQL that builds the schema, one numbered migration after the other. The
// previous release runs on the schema that a new migration makes: docs/recipes/migration.md says how.
package migrations

import "embed"

// Files are the migrations: NNNN_what.tx.up.sql changes the schema, NNNN_what.tx.down.sql undoes that.
// Each runs in a transaction.
//
//go:embed *.sql
var Files embed.FS
