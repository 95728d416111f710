package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/migrate"

	"minifb/migrations"
)

// migrationLock is the advisory lock that one migrating process holds; the number is minifb's own.
const migrationLock = 6_469_102

// Migrate brings the schema up to this build's, one process at a time, and answers the steps it took.
// Each step is a transaction, together with the note that it was taken: one that fails, or whose process dies, leaves
// the schema as the step before left it.
func Migrate(ctx context.Context, url string) (taken []string, err error) {
	s, err := Open(url, "migrate", 1) // one connection: the lock below belongs to it
	if err != nil {
		return nil, err
	}
	defer s.Close()
	s.db.SetConnMaxLifetime(0) // however long a step takes
	s.db.SetConnMaxIdleTime(0)
	var encoding string
	if err := s.db.NewRaw("SELECT pg_advisory_lock(?)::text, current_setting('server_encoding')", migrationLock).Scan(ctx, new(string), &encoding); err != nil {
		return nil, fmt.Errorf("lock the schema: %w", err)
	}
	if encoding != "UTF8" {
		return nil, fmt.Errorf("the database's encoding is %s; make it with ENCODING 'UTF8', so that lengths count code points", encoding)
	}
	list := migrate.NewMigrations()
	if err := list.Discover(migrations.Files); err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	migrator := migrate.NewMigrator(s.db, list)
	if err := migrator.Init(ctx); err != nil {
		return nil, fmt.Errorf("prepare the migrations' table: %w", err)
	}
	steps, err := migrator.MigrationsWithStatus(ctx)
	if err != nil {
		return nil, fmt.Errorf("read which migrations were taken: %w", err)
	}
	for _, step := range steps.Unapplied() {
		name := step.Name + "_" + step.Comment
		if err := s.take(ctx, name, step.Name, steps.LastGroupID()+1); err != nil {
			return taken, fmt.Errorf("migrate %s: %w", name, err)
		}
		taken = append(taken, name)
	}
	return taken, nil
}

// take does one step. bun would run it and note it in two transactions, and a process that dies in between leaves a
// step that can neither be taken nor left out.
func (s *Store) take(ctx context.Context, file, number string, group int64) error {
	text, err := migrations.Files.ReadFile(file + ".tx.up.sql")
	if err != nil {
		return err
	}
	return s.inTx(ctx, func(ctx context.Context, tx bun.Tx) error {
		if _, err := tx.Tx.ExecContext(ctx, string(text)); err != nil {
			return err
		}
		_, err := tx.NewRaw("INSERT INTO bun_migrations (name, group_id) VALUES (?, ?)", number, group).Exec(ctx)
		return err
	})
}

// schema is the newest step this build needs: the number of the last file in migrations/.
var schema = func() string {
	names, err := fs.Glob(migrations.Files, "*.up.sql")
	if err != nil || len(names) == 0 {
		panic("store: no migrations are embedded")
	}
	number, _, _ := strings.Cut(names[len(names)-1], "_")
	return number
}()

// Ready tells whether the database answers and its schema is one that this build can work with: its own or a newer one.
func (s *Store) Ready(ctx context.Context) error {
	var newest string
	err := s.db.NewRaw("SELECT coalesce(max(name), '') FROM bun_migrations").Scan(ctx, &newest)
	var answer *pgconn.PgError
	if errors.As(err, &answer) && answer.Code == "42P01" { // undefined_table
		return errors.New("the database has no schema yet; migrate first")
	}
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if newest < schema {
		return fmt.Errorf("the schema is at %q and this build needs %q; migrate first", newest, schema)
	}
	return nil
}
