package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgconn"

	"minifb/migrations"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// later are migrations of the kinds that docs/recipes/migration.md shows, as if they were the next ones.
var later = fstest.MapFS{
	"9001_expand.tx.up.sql": {Data: []byte(`
ALTER TABLE posts ADD COLUMN edited_at timestamptz;
--bun:split
ALTER TABLE comments ADD COLUMN language text NOT NULL DEFAULT 'ko';
--bun:split
ALTER TABLE posts ADD CONSTRAINT edited_later CHECK (edited_at >= created_at) NOT VALID;
--bun:split
ALTER TABLE posts VALIDATE CONSTRAINT edited_later;
--bun:split
CREATE INDEX posts_edited_at ON posts (edited_at) WHERE edited_at IS NOT NULL;
--bun:split
CREATE TABLE notes (user_uid bigint PRIMARY KEY REFERENCES users ON DELETE CASCADE, text text NOT NULL);
`)},
	"9002_bookmarks.tx.up.sql": {Data: []byte(`
CREATE TABLE bookmarks (
    user_uid bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    post_id  bigint NOT NULL REFERENCES posts ON DELETE CASCADE,
    PRIMARY KEY (user_uid, post_id)
);
`)},
	"9003_contract.tx.up.sql": {Data: []byte(`
ALTER TABLE comments DROP COLUMN language;
--bun:split
CREATE INDEX posts_edited ON posts (edited_at) INCLUDE (owner_uid) WHERE edited_at IS NOT NULL;
--bun:split
DROP INDEX posts_edited_at;
--bun:split
ALTER INDEX posts_edited RENAME TO posts_edited_at;
`)},
}

// laterOnCitus has the form for Citus of the one that it cannot apply as it is.
var laterOnCitus = fstest.MapFS{
	"citus/9002_bookmarks.sql": {Data: []byte(`
SET LOCAL citus.multi_shard_modify_mode = 'sequential';
--bun:split
CREATE TABLE bookmarks (user_uid bigint NOT NULL, post_id bigint NOT NULL, PRIMARY KEY (user_uid, post_id));
--bun:split
SELECT create_distributed_table('bookmarks', 'post_id', colocate_with => 'posts');
--bun:split
ALTER TABLE bookmarks ADD FOREIGN KEY (user_uid) REFERENCES people ON DELETE CASCADE;
--bun:split
ALTER TABLE bookmarks ADD FOREIGN KEY (post_id) REFERENCES posts ON DELETE CASCADE;
`)},
}

const laterGrants = `
GRANT SELECT (edited_at), UPDATE (edited_at) ON posts TO minifb_post;
GRANT SELECT (user_uid, post_id), INSERT (user_uid, post_id) ON bookmarks TO minifb_post;
GRANT SELECT (user_uid, text), INSERT (user_uid, text) ON notes TO minifb_post;`

// withLater returns this build's migrations and the later ones.
func withLater(t *testing.T) fs.FS {
	t.Helper()
	files := maps.Clone(later)
	for _, name := range names(t) {
		text, err := fs.ReadFile(migrations.Files, name+".tx.up.sql")
		if err != nil {
			t.Fatal(err)
		}
		files[name+".tx.up.sql"] = &fstest.MapFile{Data: text}
	}
	return files
}

// Later migrations are applied to a database with rows, on Citus too, and the functions' roles get their rights.
func TestLaterMigrations(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	var posts []int64
	for i := range 8 {
		post, err := createPost(t.Context(), f.store, f.users[0], fmt.Sprint("post ", i))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := addComment(t.Context(), f.store, f.users[1], post.ID, "a comment"); err != nil {
			t.Fatal(err)
		}
		posts = append(posts, post.ID)
	}
	want := []string{"9001_expand", "9002_bookmarks", "9003_contract"}
	for range 2 {
		applied, err := store.MigrateTo(t.Context(), f.url, withLater(t), laterOnCitus, migrations.Grants+laterGrants)
		if err != nil || !slices.Equal(applied, want) {
			t.Fatalf("applied %v, %v; want %v", applied, err, want)
		}
		want = nil // the second time
	}
	writer, stranger := f.as("minifb_post"), f.as("minifb_reaction")
	for _, post := range posts {
		mustExec(t, writer, `UPDATE posts SET edited_at = now() WHERE id = $1`, post)
		mustExec(t, writer, `INSERT INTO bookmarks (user_uid, post_id) VALUES ($1, $2)`, f.users[1], post)
	}
	mustExec(t, writer, `INSERT INTO notes (user_uid, text) VALUES ($1, 'a note')`, f.users[1])
	for what, refused := range map[string]struct {
		db   *sql.DB
		code string
		stmt string
	}{
		"the constraint": {writer, "23514", `UPDATE posts SET edited_at = '2000-01-01' WHERE id = $1`},
		"another role":   {stranger, "42501", `SELECT edited_at FROM posts WHERE id = $1`},
		"a removed column": {
			f.db, "42703", `SELECT language FROM comments WHERE post_id = $1`,
		},
		"the key": {writer, "23503", `INSERT INTO bookmarks (user_uid, post_id) VALUES (-$1::bigint, $1)`},
	} {
		_, err := refused.db.Exec(refused.stmt, posts[0])
		if failure, ok := errors.AsType[*pgconn.PgError](err); !ok || failure.Code != refused.code {
			t.Errorf("%s: %v, want %s", what, err, refused.code)
		}
	}
	if _, err := createPost(t.Context(), f.store, f.users[0], "of the previous release"); err != nil {
		t.Error(err)
	}
	if err := f.store.DeleteOwnPost(t.Context(), f.users[0], posts[0], nil); err != nil {
		t.Error(err)
	}
	edited := f.int(`SELECT count(edited_at) FROM posts`)
	if kept := f.int(`SELECT count(*) FROM bookmarks`); edited != len(posts)-1 || kept != edited {
		t.Errorf("%d edited posts and %d bookmarks, want %d of each", edited, kept, len(posts)-1)
	}
}

// A migration whose table would refer to a distributed one from outside is refused, and changes nothing.
func TestMigrationThatCitusWouldNotKeep(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 1)
	if !testdb.OnCitus() {
		layOut(t, f.url)
		f.exec(`CREATE TABLE pg_dist_partition AS SELECT oid AS logicalrelid, 'h' AS partmethod FROM pg_class
			WHERE relkind = 'r' AND relname IN
				('posts', 'comments', 'post_reactions', 'comment_reactions', 'notifications')`)
	}
	f.exec(`CREATE TABLE by_hand (post_id bigint REFERENCES posts)`) // not by a migration
	applied, err := store.MigrateTo(t.Context(), f.url, withLater(t), fstest.MapFS{}, migrations.Grants)
	const want = "not distributed, but with foreign keys to distributed tables: bookmarks;"
	if err == nil || !strings.Contains(err.Error(), want) ||
		!strings.Contains(err.Error(), "migrations/citus/9002_bookmarks.sql") {
		t.Errorf("%v, want %s", err, want)
	}
	if !slices.Equal(applied, []string{"9001_expand"}) {
		t.Errorf("applied %v", applied)
	}
	if f.int(`SELECT count(*) FROM pg_class WHERE relname = 'bookmarks'`) != 0 {
		t.Error("the table stayed")
	}
}

// as returns a pool for the database as this role.
func (f *fixture) as(role string) *sql.DB {
	f.t.Helper()
	address, err := testdb.WithRole(f.url, role)
	if err != nil {
		f.t.Fatal(err)
	}
	return testdb.Open(f.t, address)
}

func mustExec(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Errorf("%s: %v", query, err)
	}
}

// A distributed database gets the form for Citus of a migration, if there is one.
func TestMigrationsHaveAFormForCitus(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		file        string
		distributed bool
		part        string
	}{
		{"9001_expand", false, "ADD COLUMN edited_at"},
		{"9001_expand", true, "ADD COLUMN edited_at"},
		{"9002_bookmarks", false, "REFERENCES users"},
		{"9002_bookmarks", true, "create_distributed_table"},
	} {
		text, err := store.MigrationText(later, laterOnCitus, test.file, test.distributed)
		if err != nil || !strings.Contains(text, test.part) {
			t.Errorf("%+v: %v, %s", test, err, text)
		}
	}
}
