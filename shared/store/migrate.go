package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun/migrate"

	"minifb/migrations"
)

// migrationLock is the number of the advisory lock that a migrating process holds.
const migrationLock = 6_469_102

// Migrate applies the migrations that the database lacks, and returns their names. Then it gives the
// functions' roles the rights that migrations.Grants lists, unless the schema is newer than this
// build. The URL's user becomes the owner of the tables. It creates the roles that do not exist; if
// it may not, the error says what a superuser has to do.
//
// Several processes may call Migrate at once: one migrates, the others wait. A migration and the
// record of it are one transaction, so that after a failure the schema is as the last successful
// migration left it.
func Migrate(ctx context.Context, url string) (applied []string, err error) {
	s, err := Open(url, "migrate", 1) // one connection: the advisory lock below belongs to it
	if err != nil {
		return nil, err
	}
	defer s.Close()
	s.db.SetConnMaxLifetime(0) // a migration may take long
	s.db.SetConnMaxIdleTime(0)
	if err := s.lockSchema(ctx); err != nil {
		return nil, err
	}
	list := migrate.NewMigrations()
	if err := list.Discover(migrations.Files); err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	migrator := migrate.NewMigrator(s.db, list)
	if err := migrator.Init(ctx); err != nil {
		return nil, fmt.Errorf("create the table of migrations: %w", err)
	}
	status, err := migrator.MigrationsWithStatus(ctx)
	if err != nil {
		return nil, fmt.Errorf("read which migrations are applied: %w", err)
	}
	for _, migration := range status.Unapplied() {
		file := migration.Name + "_" + migration.Comment
		if err := s.apply(ctx, file, migration.Name, status.LastGroupID()+1); err != nil {
			return applied, fmt.Errorf("migrate %s: %w", file, err)
		}
		applied = append(applied, file)
	}
	return applied, s.grant(ctx)
}

// OldestPostgreSQL is the oldest major version that is tested.
const OldestPostgreSQL = 15

// lockSchema waits until no other process migrates, and returns an error unless the database can have the
// schema.
func (s *Store) lockSchema(ctx context.Context) error {
	var server struct {
		Encoding string
		Version  string
		Number   int // 150004 is 15.4
	}
	err := s.primary.one(ctx, &server, `
		SELECT current_setting('server_encoding') AS encoding, current_setting('server_version') AS version,
			current_setting('server_version_num') AS number
		FROM pg_advisory_lock($1)`, migrationLock)
	switch {
	case err != nil:
		return fmt.Errorf("lock the schema: %w", err)
	case server.Number/10000 < OldestPostgreSQL:
		return fmt.Errorf("the database's server is PostgreSQL %s; use version %d or newer", server.Version,
			OldestPostgreSQL)
	case server.Encoding != "UTF8":
		return fmt.Errorf("the database's encoding is %s; create it with ENCODING 'UTF8', so that lengths"+
			" count code points", server.Encoding)
	}
	return nil
}

// grant creates the functions' roles and gives them their rights. No other transaction sees them
// without.
func (s *Store) grant(ctx context.Context) error {
	var newest string
	if err := s.primary.one(ctx, &newest, `SELECT max(name) FROM bun_migrations`); err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if newest > requiredMigration { // the newer build has granted what its functions need
		return nil
	}
	return s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		_, err := tx.exec(ctx, migrations.Roles)
		if failure, ok := errors.AsType[*pgconn.PgError](err); ok && failure.Code == "42501" { // insufficient_privilege
			return fmt.Errorf("the functions' roles do not exist, and this user may not create them; "+
				"run migrations/roles.sql as a superuser, or scripts/host for a host: %w", err)
		}
		if err != nil {
			return fmt.Errorf("create the functions' roles: %w", err)
		}
		if _, err := tx.exec(ctx, migrations.Grants); err != nil {
			return fmt.Errorf("grant the functions' roles their rights: %w", err)
		}
		return nil
	})
}

// apply runs one migration. bun's own method runs and records it in two transactions: a process
// that dies between them leaves a migration that can be neither applied nor skipped.
func (s *Store) apply(ctx context.Context, file, number string, group int64) error {
	text, err := migrations.Files.ReadFile(file + ".tx.up.sql")
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx transaction) error {
		if _, err := tx.exec(ctx, string(text)); err != nil { // without arguments pgx takes several statements
			return err
		}
		_, err := tx.exec(ctx, `INSERT INTO bun_migrations (name, group_id) VALUES ($1, $2)`, number, group)
		return err
	})
}

// requiredMigration is the newest migration in this build: the number of the last file in migrations/.
var requiredMigration = func() string {
	names, err := fs.Glob(migrations.Files, "*.up.sql")
	if err != nil || len(names) == 0 {
		panic("store: no migrations are embedded")
	}
	number, _, _ := strings.Cut(names[len(names)-1], "_")
	return number
}()

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
