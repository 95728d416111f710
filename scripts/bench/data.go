package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	_ "embed" // for the data
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver called pgx

	"minifb/migrations"
	"minifb/shared/ops/postgres"
	"minifb/shared/password"
	"minifb/shared/store"
)

const (
	databaseName = "minifb"
	// dataVersion changes with data.sql and with what is made of it here, so that data of an older version is loaded
	// again.
	dataVersion = 1
	// plainPassword is every user's.
	plainPassword = "correct horse battery staple"
)

//go:embed data.sql
var dataText string

// A database is PostgreSQL with the data. It is kept for the next run.
type database struct {
	cluster *postgres.Cluster
	db      *sql.DB // as the superuser
	url     string
	size    size
	loaded  loaded
	report  func(format string, args ...any)
}

// loaded is the row of bench.loaded, which is written when the data is complete.
type loaded struct {
	Version       int
	Size          size
	Iterations    int      // of the passwords' hash
	Migrations    []string // the hashes of the applied ones, the oldest first
	Comments      int64    // the greatest ids
	Notifications int64
}

// openDatabase starts PostgreSQL in the data directory, with the settings of `make run`, and loads the data unless it
// is there.
func (s settings) openDatabase(ctx context.Context, output io.Writer) (d *database, err error) {
	d = &database{size: s.size, report: func(format string, args ...any) { fmt.Fprintf(output, format+"\n", args...) }}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if err := d.start(ctx, s.dataDir, false); err != nil {
		return d, err
	}
	why, err := d.missing(ctx, s.iterations)
	if err != nil {
		return d, err
	}
	if why != "" {
		d.report("Loading the data into %s: %s.", s.dataDir, why)
		if err := d.load(ctx, s); err != nil {
			return d, fmt.Errorf("load the data: %w", err)
		}
	}
	return d, d.reset(ctx)
}

// start starts PostgreSQL. Fast, it does not wait for the disk.
func (d *database) start(ctx context.Context, dir string, fast bool) (err error) {
	// The functions are stopped before it, also when ctx ends.
	options := postgres.Options{Dir: dir, Database: databaseName, Fast: fast}
	if d.cluster, err = postgres.Start(context.WithoutCancel(ctx), options); err != nil {
		return err
	}
	d.url = d.cluster.URL(databaseName)
	d.db, err = sql.Open("pgx", d.url)
	return err
}

func (d *database) close() error {
	var errs []error
	if d.db != nil {
		errs = append(errs, d.db.Close())
	}
	if d.cluster != nil {
		errs = append(errs, d.cluster.Stop())
	}
	d.db, d.cluster = nil, nil
	return errors.Join(errs...)
}

// migrationHashes returns a hash of each migration, the oldest first.
func migrationHashes() (hashes []string, err error) {
	entries, err := migrations.Files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries { // sorted by name
		if !strings.HasSuffix(entry.Name(), ".up.sql") {
			continue
		}
		text, err := migrations.Files.ReadFile(entry.Name())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		hashes = append(hashes, hex.EncodeToString(sum[:]))
	}
	return hashes, nil
}

// missing returns why the data must be loaded, and nothing if it need not. It applies migrations that have been added
// since.
func (d *database) missing(ctx context.Context, iterations int) (why string, err error) {
	var exists bool
	if err := d.db.QueryRowContext(ctx, `SELECT to_regclass('bench.loaded') IS NOT NULL`).Scan(&exists); err != nil {
		return "", err
	}
	if !exists {
		return "it is not there, or was interrupted", nil
	}
	var text []byte
	if err := d.db.QueryRowContext(ctx, `SELECT what FROM bench.loaded`).Scan(&text); err != nil {
		return "", err
	}
	if err := json.Unmarshal(text, &d.loaded); err != nil {
		return "", err
	}
	hashes, err := migrationHashes()
	if err != nil {
		return "", err
	}
	had := d.loaded.Migrations
	switch {
	case d.loaded.Version != dataVersion:
		return fmt.Sprintf("it has version %d, and version %d is wanted", d.loaded.Version, dataVersion), nil
	case d.loaded.Size != d.size || d.loaded.Iterations != iterations:
		return "it has another size", nil
	case len(had) > len(hashes) || strings.Join(had, " ") != strings.Join(hashes[:len(had)], " "):
		return "its migrations are not those of this version", nil
	}
	applied, err := store.Migrate(ctx, d.url)
	if err != nil {
		return "", err
	}
	if len(applied) > 0 {
		d.report("Migrated the data: %s.", strings.Join(applied, ", "))
		d.loaded.Migrations = hashes
		return "", d.writeLoaded(ctx)
	}
	return "", nil
}

func (d *database) writeLoaded(ctx context.Context) error {
	text, err := json.Marshal(d.loaded)
	if err != nil {
		return err
	}
	return d.exec(ctx, `
		CREATE TABLE IF NOT EXISTS bench.loaded (what json NOT NULL);
		DELETE FROM bench.loaded;
		INSERT INTO bench.loaded VALUES ('`+string(text)+`')`)
}

// exec runs statements without arguments.
func (d *database) exec(ctx context.Context, statements string) error {
	_, err := d.db.ExecContext(ctx, statements)
	return err
}

// load makes the database anew. PostgreSQL does not wait for the disk meanwhile. The table bench.loaded is written when
// all of it is on the disk.
func (d *database) load(ctx context.Context, s settings) error {
	begun := time.Now()
	hash, err := password.New(s.iterations).Hash(ctx, password.Requester{}, plainPassword)
	if err != nil {
		return err
	}
	d.loaded = loaded{Version: dataVersion, Size: s.size, Iterations: s.iterations}
	if d.loaded.Migrations, err = migrationHashes(); err != nil {
		return err
	}
	if err := errors.Join(d.close(), d.start(ctx, s.dataDir, true)); err != nil {
		return err
	}
	if err := d.create(ctx); err != nil {
		return err
	}
	l := loader{d, s.size.fill(dataText, hash, begun.UTC().Format(time.RFC3339)), begun}
	if err := l.all(ctx); err != nil {
		return err
	}
	const greatest = `SELECT coalesce(max(id), 0), (SELECT coalesce(max(id), 0) FROM notifications) FROM comments`
	err = d.db.QueryRowContext(ctx, greatest).Scan(&d.loaded.Comments, &d.loaded.Notifications)
	if err != nil {
		return err
	}
	used, err := d.cpu()
	if err != nil {
		return err
	}
	if err := errors.Join(d.close(), ctx.Err()); err != nil {
		return err
	}
	syscall.Sync()
	if err := d.start(ctx, s.dataDir, false); err != nil {
		return err
	}
	d.report("  loaded in %.0f s, with %.0f s of PostgreSQL's processor time", time.Since(begun).Seconds(),
		used.Seconds())
	return d.writeLoaded(ctx)
}

// create makes the database anew, with the schema of the migrations.
func (d *database) create(ctx context.Context) error {
	if err := d.db.Close(); err != nil {
		return err
	}
	server, err := sql.Open("pgx", d.cluster.URL("postgres"))
	if err != nil {
		return err
	}
	defer server.Close()
	for _, statement := range []string{"DROP DATABASE IF EXISTS ", "CREATE DATABASE "} {
		if _, err := server.ExecContext(ctx, statement+databaseName); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	if _, err := store.Migrate(ctx, d.url); err != nil {
		return err
	}
	d.db, err = sql.Open("pgx", d.url)
	return err
}

// reset deletes what earlier runs have written, except reactions, so that each run begins with the same data. Then it
// reads all of it once, into the system's cache.
func (d *database) reset(ctx context.Context) error {
	begun := time.Now()
	d.report("Resetting the data, and reading it into memory.")
	replace := strings.NewReplacer(
		"{posts}", fmt.Sprint(d.size.Posts), "{comments}", fmt.Sprint(d.loaded.Comments),
		"{notifications}", fmt.Sprint(d.loaded.Notifications), "{viewers}", fmt.Sprint(d.size.Viewers),
		"{first_viewer}", fmt.Sprint(d.size.firstViewer()), "{viewer_step}", fmt.Sprint(d.size.viewerStep()))
	if err := d.exec(ctx, replace.Replace(resetText)); err != nil {
		return fmt.Errorf("reset the data: %w", err)
	}
	if err := d.exec(ctx, `VACUUM ANALYZE`); err != nil {
		return fmt.Errorf("reset the data: %w", err)
	}
	d.report("  done in %.0f s", time.Since(begun).Seconds())
	return nil
}

// The rows that are deleted are referred to by no row that stays, so no trigger and no foreign key has to look.
const resetText = `
	BEGIN;
	SET LOCAL session_replication_role = replica;
	UPDATE posts SET comment_count = comment_count - n
		FROM (SELECT post_id, count(*) AS n FROM comments WHERE id > {comments} GROUP BY post_id) c
		WHERE posts.id = c.post_id;
	DELETE FROM comments WHERE id > {comments};
	DELETE FROM notifications WHERE id > {notifications};
	DELETE FROM post_reactions WHERE post_id > {posts};
	DELETE FROM posts WHERE id > {posts};
	TRUNCATE total_changes, sessions, ended_sessions, request_inbox, request_writers CASCADE;
	SELECT setval(pg_get_serial_sequence('posts', 'id'), {posts});
	INSERT INTO sessions (user_uid, user_agent, expires_at)
		SELECT {first_viewer} + {viewer_step} * n, 'bench', now() + interval '30 days'
		FROM generate_series(0, {viewers} - 1) n;
	COMMIT;
	CREATE EXTENSION IF NOT EXISTS pg_prewarm SCHEMA bench;
	SELECT bench.pg_prewarm(c.oid, 'read') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('public', 'bench') AND c.relkind IN ('r', 'i') AND pg_relation_filenode(c.oid) IS NOT NULL`
