package store

import (
	"context"
	"fmt"
	"io/fs"
	"strings"

	"github.com/uptrace/bun/migrate"

	"minifb/migrations"
)

// migrationLock is the advisory lock that one migrating process holds; the number is minifb's own.
const migrationLock = 6_469_102

// Migrate brings the schema up to this build's, one process at a time, and answers the steps it took.
// Each step is a transaction: one that fails leaves the schema as the step before left it.
func Migrate(ctx context.Context, url string) (steps []string, err error) {
	s, err := Open(url, "migrate", 1) // one connection: the lock below belongs to it
	if err != nil {
		return nil, err
	}
	defer s.Close()
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
	migrator := migrate.NewMigrator(s.db, list, migrate.WithMarkAppliedOnSuccess(true))
	if err := migrator.Init(ctx); err != nil {
		return nil, fmt.Errorf("prepare the migrations' table: %w", err)
	}
	group, err := migrator.Migrate(ctx)
	if err != nil {
		return nil, fmt.Errorf("migrate: %w", err)
	}
	for _, step := range group.Migrations {
		steps = append(steps, step.Name+"_"+step.Comment)
	}
	return steps, nil
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
	if err := s.db.NewRaw("SELECT coalesce(max(name), '') FROM bun_migrations").Scan(ctx, &newest); err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if newest < schema {
		return fmt.Errorf("the schema is at %q and this build needs %q; migrate first", newest, schema)
	}
	return nil
}
