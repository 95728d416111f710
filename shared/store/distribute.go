package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"minifb/migrations"
)

// Distribute distributes a migrated database to the servers that Citus knows, with its rows, in one
// transaction. It reports each step to progress. No function may be connected meanwhile. In a database that is
// distributed already it only gives the functions' roles their rights again, which shards that were moved lack, and
// analyzes the tables: without statistics a shard reads a page of the feed by its whole table.
//
// The URL's user is the owner of the tables, and may create roles on the other servers.
func Distribute(ctx context.Context, url string, progress func(step string)) error {
	s, err := Open(url, "distribute", 1)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.requireCitus(ctx, url); err != nil {
		return err
	}
	distributed, err := isDistributed(ctx, s.primary.reader)
	if err != nil {
		return err
	}
	if distributed {
		progress("the tables are distributed already")
	} else if err := s.inStep(ctx, func(ctx context.Context, tx transaction) error {
		return layOut(ctx, tx, progress)
	}); err != nil {
		return fmt.Errorf("distribute; nothing has changed: %w", err)
	}
	progress("the rights of the functions' roles")
	if err := s.inStep(ctx, required.grantAll); err != nil {
		return err
	}
	progress("the planner's statistics of the shards")
	var tables []string
	if err := s.primary.all(ctx, &tables, `SELECT logicalrelid::text FROM pg_dist_partition`); err != nil {
		return fmt.Errorf("list the distributed tables: %w", err)
	}
	for _, table := range tables {
		if _, err := s.primary.exec(ctx, `ANALYZE `+table); err != nil {
			return fmt.Errorf("analyze %s: %w", table, err)
		}
	}
	return nil
}

// requireCitus returns an error that says what to do, unless the database can be distributed.
func (s *Store) requireCitus(ctx context.Context, url string) error {
	var found struct{ HasCitus bool }
	if err := s.primary.one(ctx, &found, `
		SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') AS has_citus`); err != nil {
		return fmt.Errorf("look for Citus: %w", err)
	}
	if !found.HasCitus {
		return errors.New("the database has no Citus; create the extension on each server, " +
			"name this one by citus_set_coordinator_host and the others by citus_add_node")
	}
	var nodes struct {
		IsWorker, Coordinator bool
		Workers               int
	}
	if err := s.primary.one(ctx, &nodes, `
		SELECT (SELECT groupid <> 0 FROM pg_dist_local_group) AS is_worker,
			coalesce(bool_or(groupid = 0), false) AS coordinator,
			count(*) FILTER (WHERE groupid <> 0 AND isactive AND shouldhaveshards) AS workers
		FROM pg_dist_node`); err != nil {
		return fmt.Errorf("read Citus's servers: %w", err)
	}
	switch {
	case nodes.IsWorker:
		return errors.New("the server is a worker of Citus; name the coordinator")
	case !nodes.Coordinator:
		return errors.New("the server is not known to Citus; name it by citus_set_coordinator_host")
	case nodes.Workers == 0:
		return errors.New("no other server that takes shards is known to Citus; name some by citus_add_node")
	}
	if err := s.Ready(ctx); err != nil {
		return err
	}
	programs, err := Connected(ctx, url)
	if err != nil {
		return err
	}
	programs = slices.DeleteFunc(programs, func(program string) bool { return program == "distribute" }) // this one
	if len(programs) > 0 {
		return fmt.Errorf("these are connected to the database: %s; stop them", strings.Join(programs, ", "))
	}
	return nil
}

// statement matches a statement of the layout, and what it distributes, if anything.
var statement = regexp.MustCompile(`(?s)[^;]+;`)
var distributes = regexp.MustCompile(`create_(?:distributed|reference)_table\('(\w+)'`)

// layOut runs the statements of the layout one by one.
func layOut(ctx context.Context, tx transaction, progress func(string)) error {
	for _, text := range statement.FindAllString(migrations.CitusLayout, -1) {
		if match := distributes.FindStringSubmatch(text); match != nil {
			var rows int64
			if err := tx.one(ctx, &rows, `SELECT count(*) FROM `+match[1]); err != nil {
				return fmt.Errorf("count %s: %w", match[1], err)
			}
			progress(fmt.Sprintf("%s: %d rows", match[1], rows))
		}
		if _, err := tx.exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// keepingReferences runs a migration of a distributed database. It returns an error if a table then refers to a
// distributed one from outside, as a migration without a form for Citus can make it: Citus accepts the foreign key, but
// a deletion does not cascade.
func keepingReferences(ctx context.Context, tx transaction, file string, run func() error) error {
	var before, after []string
	const outside = `
		WITH distributed AS (SELECT logicalrelid FROM pg_dist_partition WHERE partmethod = 'h')
		SELECT DISTINCT conrelid::regclass::text FROM pg_constraint
		WHERE contype = 'f' AND confrelid IN (SELECT logicalrelid FROM distributed)
			AND conrelid NOT IN (SELECT logicalrelid FROM distributed)`
	if err := tx.all(ctx, &before, outside); err != nil {
		return fmt.Errorf("read the foreign keys: %w", err)
	}
	if err := run(); err != nil {
		return err
	}
	if err := tx.all(ctx, &after, outside); err != nil {
		return fmt.Errorf("read the foreign keys: %w", err)
	}
	added := slices.DeleteFunc(after, func(table string) bool { return slices.Contains(before, table) })
	if len(added) > 0 {
		return fmt.Errorf("not distributed, but with foreign keys to distributed tables: %s; Citus would not cascade "+
			"deletions; distribute it in migrations/citus/%s.sql, which is applied there in place of this migration",
			strings.Join(added, ", "), file)
	}
	return nil
}

// grantDistributed does what grant does, in a distributed database. The roles are created on each server.
func (wanted schema) grantDistributed(ctx context.Context, tx transaction) error {
	var failed string
	err := tx.one(ctx, &failed, `
		SELECT coalesce(string_agg(result, ', '), '')
		FROM run_command_on_workers($1) WHERE NOT success`, migrations.Roles)
	if err == nil && failed != "" {
		err = errors.New(failed)
	}
	if err != nil {
		return fmt.Errorf("create the functions' roles on Citus's servers: %w", err)
	}
	// Citus refuses to pass on rights on columns.
	if _, err := tx.exec(ctx, `SET LOCAL citus.enable_ddl_propagation = off`); err != nil {
		return err
	}
	if err := wanted.grant(ctx, tx); err != nil {
		return err
	}
	for _, step := range []string{migrations.CitusFunctions, migrations.CitusGrants} {
		if _, err := tx.exec(ctx, step); err != nil {
			return fmt.Errorf("replace the functions of a distributed database: %w", err)
		}
	}
	var errs []string
	if err := tx.all(ctx, &errs, migrations.CitusShards); err != nil {
		return fmt.Errorf("grant rights on the shards: %w", err)
	}
	if len(errs) > 0 {
		return fmt.Errorf("grant rights on the shards: %s", errs[0])
	}
	return nil
}
