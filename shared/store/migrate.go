package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun/migrate"

	"minifb/migrations"
)

// migrationLock is the number of the advisory lock that a step of Migrate holds until its commit. Earlier
// releases hold the same lock until they have migrated.
const migrationLock = 6_469_102

// Migrate applies the migrations that the database lacks, and returns their names. Then it gives the
// functions' roles the rights that migrations.Grants lists, unless the schema is newer than this
// build. The URL's user becomes the owner of the tables. It creates the roles that do not exist; if
// it may not, the error says what a superuser has to do.
//
// Several processes may call Migrate at once, also through a PgBouncer that pools transactions: one of
// them applies each migration. A migration and the record of it are one transaction, so that after a
// failure the schema is as the last successful migration left it.
func Migrate(ctx context.Context, url string) (applied []string, err error) {
	return required.migrate(ctx, url)
}

func (wanted schema) migrate(ctx context.Context, url string) (applied []string, err error) {
	s, err := Open(url, "migrate", 1)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if err := s.inStep(ctx, s.prepare); err != nil {
		return nil, err
	}
	list := migrate.NewMigrations()
	if err := list.Discover(wanted.files); err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	status, err := migrate.NewMigrator(s.db, list).MigrationsWithStatus(ctx)
	if err != nil {
		return nil, fmt.Errorf("read which migrations are applied: %w", err)
	}
	for _, migration := range status.Unapplied() {
		file := migration.Name + "_" + migration.Comment
		done := false
		err := s.inStep(ctx, func(ctx context.Context, tx transaction) (err error) {
			done, err = wanted.apply(ctx, tx, file, migration.Name, status.LastGroupID()+1)
			return err
		})
		if err != nil {
			return applied, fmt.Errorf("migrate %s: %w", file, err)
		}
		if done {
			applied = append(applied, file)
		}
	}
	return applied, s.inStep(ctx, wanted.grantAll)
}

// grantAll gives the functions' roles their rights, unless the schema is newer. In a distributed database it also
// replaces the functions of the database that write there.
func (wanted schema) grantAll(ctx context.Context, tx transaction) error {
	var newest string
	if err := tx.one(ctx, &newest, `SELECT max(name) FROM bun_migrations`); err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if newest > wanted.newest() { // the newer build has granted what its functions need
		return nil
	}
	distributed, err := isDistributed(ctx, tx.reader)
	if err != nil {
		return err
	}
	if distributed {
		return wanted.grantDistributed(ctx, tx)
	}
	return wanted.grant(ctx, tx)
}

// inStep runs a step of Migrate in a transaction, in which no other process can run one.
func (s *Store) inStep(ctx context.Context, step func(context.Context, transaction) error) error {
	return s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		if _, err := tx.exec(ctx, `SELECT pg_advisory_xact_lock($1)`, migrationLock); err != nil {
			return fmt.Errorf("lock the schema: %w", err)
		}
		return step(ctx, tx)
	})
}

// OldestPostgreSQL is the oldest major version that is tested.
const OldestPostgreSQL = 15

// prepare creates the table of migrations. It returns an error unless the database can have the schema.
func (s *Store) prepare(ctx context.Context, tx transaction) error {
	var server struct {
		Encoding string
		Version  string
		Number   int // 150004 is 15.4
	}
	err := tx.one(ctx, &server, `
		SELECT current_setting('server_encoding') AS encoding, current_setting('server_version') AS version,
			current_setting('server_version_num') AS number`)
	switch {
	case err != nil:
		return fmt.Errorf("read the server's version: %w", err)
	case server.Number/10000 < OldestPostgreSQL:
		return fmt.Errorf("the database's server is PostgreSQL %s; use version %d or newer", server.Version,
			OldestPostgreSQL)
	case server.Encoding != "UTF8":
		return fmt.Errorf("the database's encoding is %s; create it with ENCODING 'UTF8', so that lengths"+
			" count code points", server.Encoding)
	}
	// bun's own method does not run in a transaction.
	table := s.db.NewCreateTable().Model((*migrate.Migration)(nil)).ModelTableExpr("bun_migrations").IfNotExists()
	if _, err := tx.exec(ctx, table.String()); err != nil {
		return fmt.Errorf("create the table of migrations: %w", err)
	}
	return nil
}

// grant creates the functions' roles and gives them their rights. No other transaction sees them
// without.
func (wanted schema) grant(ctx context.Context, tx transaction) error {
	_, err := tx.exec(ctx, migrations.Roles)
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok && failure.Code == "42501" { // insufficient_privilege
		return fmt.Errorf("the functions' roles do not exist, and this user may not create them; "+
			"run migrations/roles.sql as a superuser, or scripts/host for a host: %w", err)
	}
	if err != nil {
		return fmt.Errorf("create the functions' roles: %w", err)
	}
	if _, err := tx.exec(ctx, wanted.grants); err != nil {
		return fmt.Errorf("grant the functions' roles their rights: %w", err)
	}
	return nil
}

// apply runs one migration, unless another process has applied it. bun's own method runs and records it in
// two transactions: a process that dies between them leaves a migration that can be neither applied nor
// skipped.
func (wanted schema) apply(
	ctx context.Context, tx transaction, file, number string, group int64,
) (done bool, err error) {
	recorded, err := tx.exec(ctx, `
		INSERT INTO bun_migrations (name, group_id)
		SELECT $1::text, $2::bigint WHERE NOT EXISTS (SELECT FROM bun_migrations WHERE name = $1)`, number, group)
	if err != nil || recorded == 0 {
		return false, err
	}
	distributed, err := isDistributed(ctx, tx.reader)
	if err != nil {
		return false, err
	}
	text, err := wanted.text(file, distributed)
	if err != nil {
		return false, err
	}
	run := func() error {
		for _, part := range splitMigration(text) {
			if _, err := tx.exec(ctx, part); err != nil { // without arguments pgx takes several statements
				return err
			}
		}
		return nil
	}
	if distributed {
		return true, keepingReferences(ctx, tx, file, run)
	}
	return true, run()
}

// splitMigration returns the parts of a migration between lines that are --bun:split. Citus takes a statement about a
// distributed table only if it is sent alone.
func splitMigration(text string) []string { return strings.Split(text, "\n--bun:split\n") }

// Ready returns nil if the database responds and its schema is this build's or a newer one. It
// compares only the numbers of migrations: the tests of package migrations check that the release
// before a migration works on the schema after it.
func (s *Store) Ready(ctx context.Context) error {
	var newest string
	err := s.primary.one(ctx, &newest, `SELECT coalesce(max(name), '') FROM bun_migrations`)
	var failure *pgconn.PgError
	if errors.As(err, &failure) && failure.Code == "42P01" { // undefined_table
		return errors.New("the database has no schema yet; migrate first")
	}
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if newest < requiredMigration {
		return fmt.Errorf("the schema is at %q and this build needs %q; migrate first", newest, requiredMigration)
	}
	return nil
}
