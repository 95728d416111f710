package bundle

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"minifb/shared/ops/keys"
	"minifb/shared/ops/postgres"
	"minifb/shared/store"
)

const (
	databaseName = "minifb"
	issuer       = "minifb" // of tokens, and their audience: the functions' default
)

// A database is a bundle's private PostgreSQL. It is started again if it exits unasked.
type database struct {
	options postgres.Options
	logf    func(format string, args ...any)
	cancel  context.CancelFunc
	failed  chan error    // receives the error if it cannot be started again
	ended   chan struct{} // closed when it was stopped
	err     error         // of the last server's exit, once ended is closed
}

func (b *Bundle) startDatabase(ctx context.Context) (result string, err error) {
	// The end of ctx stops only a start under way: later the functions must be stopped first.
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	started := context.AfterFunc(ctx, cancel)
	d := &database{
		options: postgres.Options{Dir: b.o.Dir, Database: databaseName, Fast: b.o.Fast}, logf: b.o.Logf,
		cancel: cancel, failed: make(chan error, 1), ended: make(chan struct{}),
	}
	cluster, err := postgres.Start(life, d.options)
	if err != nil {
		cancel()
		return "", err
	}
	b.DatabaseURL = cluster.URL(databaseName)
	if b.functionsURL, err = postgres.FunctionsURL(b.DatabaseURL); err != nil {
		cancel()
		return "", err
	}
	b.database = d
	go d.watch(life, cluster)
	if !started() {
		return "", ctx.Err()
	}
	return fmt.Sprintf("version %d runs", cluster.Version()), nil
}

// watch starts the server again when it exits, until ctx ends.
func (d *database) watch(ctx context.Context, c *postgres.Cluster) {
	defer close(d.ended)
	for {
		<-c.Done()
		if ctx.Err() != nil {
			d.err = c.Stop()
			return
		}
		begun := time.Now()
		var err error
		if c, err = postgres.Start(ctx, d.options); err != nil {
			if ctx.Err() == nil {
				d.failed <- fmt.Errorf("PostgreSQL exited and cannot be started again: %w", err)
			}
			return
		}
		d.logf("PostgreSQL exited; it runs again after %.1f s", time.Since(begun).Seconds())
	}
}

func (d *database) stop() error {
	d.cancel()
	<-d.ended
	return d.err
}

// DatabaseURLFile is the file in the data directory that has the URL of the owner of the tables.
const DatabaseURLFile = "database-url"

// migrate also makes sure that the administrator exists.
func (b *Bundle) migrate(ctx context.Context) (result string, err error) {
	if b.o.DatabaseURL != "" {
		b.DatabaseURL = cmp.Or(b.o.OwnerURL, b.o.DatabaseURL)
	}
	// scripts/admin finds the database by this file.
	file := filepath.Join(b.o.Dir, DatabaseURLFile)
	if err := os.WriteFile(file, []byte(b.DatabaseURL+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("write the database's URL: %w", err)
	}
	steps, err := store.Migrate(ctx, b.DatabaseURL)
	if err != nil {
		return "", fmt.Errorf("migrate the database: %w", err)
	}
	if b.o.AdminID != "" {
		if err := b.ensureAdmin(ctx); err != nil {
			return "", err
		}
	}
	if len(steps) == 0 {
		return "nothing to do", nil
	}
	return count(len(steps), "step"), nil
}

func (b *Bundle) ensureKeys(context.Context) (result string, err error) {
	created, err := keys.Ensure(b.Keys())
	if err != nil {
		return "", err
	}
	if b.Signer, err = keys.Signer(b.Keys(), issuer, issuer); err != nil {
		return "", err
	}
	if created {
		return "created", nil
	}
	return "found", nil
}
