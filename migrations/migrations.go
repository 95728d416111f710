// Package migrations holds the SQL that builds the schema, one numbered migration after the other, and
// the rights of the functions in it. The previous release runs on the schema that a new migration makes:
// docs/recipes/migration.md says how.
package migrations

import "embed"

// Files are the migrations: NNNN_what.tx.up.sql changes the schema, NNNN_what.tx.down.sql undoes that.
// Each runs in a transaction.
//
//go:embed [0-9]*.sql
var Files embed.FS

// Roles creates the roles that the functions connect with, unless they exist. Each is called minifb_ and
// the name of its function.
//
//go:embed roles.sql
var Roles string

// Grants takes all rights from those roles and from PUBLIC, and gives each role what its function needs
// in the newest schema.
//
//go:embed grants.sql
var Grants string
