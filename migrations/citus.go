package migrations

import _ "embed"

// CitusLayout distributes the tables of a database with Citus. It runs once, in one transaction.
//
//go:embed citus/layout.sql
var CitusLayout string

// CitusFunctions creates or replaces the functions that write on Citus.
//
//go:embed citus/functions.sql
var CitusFunctions string

// CitusGrants gives the functions' roles what they need beside Grants on Citus.
//
//go:embed citus/grants.sql
var CitusGrants string

// CitusShards gives them the same rights on the shards, as far as shards can have them. It returns the errors.
//
//go:embed citus/shards.sql
var CitusShards string
