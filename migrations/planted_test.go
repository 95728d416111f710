package migrations_test

import (
	"slices"
	"strings"
	"testing"
)

// TestCheck checks planted migrations, good and bad ones, on a schema that does not change with the
// real one.
func TestCheck(t *testing.T) {
	t.Parallel()
	conn := connect(t)
	run(t, conn, "the planted schema", plantedSchema)
	for _, test := range planted {
		refused, err := check(t.Context(), conn, test.migration)
		if err != nil {
			t.Errorf("%s: %v", test.migration, err)
			continue
		}
		var names []string
		for _, v := range refused {
			names = append(names, strings.TrimSpace(v.Rule+" "+v.Object))
			if !strings.HasSuffix(strings.TrimSpace(v.Why), ".") {
				t.Errorf("%s: %q is not a sentence", v.Rule, v.Why)
			}
		}
		slices.Sort(names)
		if got := strings.Join(names, "; "); got != test.refused {
			t.Errorf("%s\n got %s\nwant %s", test.migration, got, test.refused)
		}
	}
}

const plantedSchema = `
CREATE TYPE color AS ENUM ('red', 'green');
CREATE TABLE authors (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(20) NOT NULL UNIQUE);
CREATE TABLE books (
	id bigint PRIMARY KEY, author bigint REFERENCES authors, title text COLLATE "C" NOT NULL, pages integer DEFAULT 1,
	cover color, changed timestamptz, sold integer NOT NULL DEFAULT 0 CHECK (sold >= 0)
);
CREATE INDEX books_author ON books (author);
CREATE UNIQUE INDEX books_title ON books (title);
ALTER TABLE books ADD CONSTRAINT pages_known CHECK (pages IS NOT NULL) NOT VALID;
ALTER TABLE books ADD CONSTRAINT author_known CHECK (author IS NOT NULL);
CREATE VIEW sales AS SELECT id, sold FROM books;
CREATE SEQUENCE numbers;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.changed := now(); RETURN NEW; END';
CREATE TRIGGER books_touch BEFORE UPDATE ON books FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO authors (name) VALUES ('Ann'), ('Bob');
INSERT INTO books SELECT n, 1, 'Title ' || n FROM generate_series(1, 100) n;
`

const (
	reason = "-- contract: release 7 stopped using it\n"
	wait   = "-- blocks: 20 ms, the table holds a hundred rows\n"
)

// planted lists migrations with the violations that must be found, sorted.
var planted = []struct{ migration, refused string }{
	// What the previous release does not notice.
	{"ALTER TABLE books ADD COLUMN note text", ""},
	{"ALTER TABLE books ADD COLUMN note text NOT NULL DEFAULT ''", ""},
	{"ALTER TABLE books ADD COLUMN note text DEFAULT now()", ""},
	{
		"CREATE TABLE notes (id bigint PRIMARY KEY, book bigint REFERENCES books, text text CHECK (text > ''));" +
			"CREATE INDEX ON notes (book)",
		"",
	},
	{"ALTER TABLE books ADD CONSTRAINT short CHECK (char_length(title) < 10) NOT VALID", ""},
	{"ALTER TABLE books ADD FOREIGN KEY (id) REFERENCES authors NOT VALID", ""},
	{"ALTER TABLE books VALIDATE CONSTRAINT pages_known", ""},
	{"ALTER TABLE books ADD COLUMN editor bigint REFERENCES authors", ""},
	{"ALTER TABLE books ADD COLUMN rating int; ALTER TABLE books ADD CHECK (rating > 0) NOT VALID", ""},
	{"ALTER TABLE books ALTER title SET DEFAULT ''", ""},
	{"CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'", ""},
	{"CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'", ""},
	{
		"DROP TRIGGER books_touch ON books; CREATE TRIGGER books_touch AFTER UPDATE ON books EXECUTE FUNCTION touch()",
		"",
	},
	{"CREATE OR REPLACE VIEW sales AS SELECT id, sold, pages FROM books", ""},
	{"ALTER TYPE color ADD VALUE 'blue'", ""},
	{"INSERT INTO authors (name) VALUES ('Eve')", ""},
	{"COMMENT ON TABLE books IS 'all of them'; ALTER TABLE books SET (fillfactor = 80)", ""},

	// What breaks the previous release.
	{"DROP TABLE books CASCADE", "dropped table books; dropped view sales"},
	{"DROP VIEW sales", "dropped view sales"},
	{"DROP SEQUENCE numbers", "dropped sequence numbers"},
	{"DROP TABLE books CASCADE; CREATE TABLE books (id bigint)", "dropped table books; dropped view sales"},
	{"ALTER TABLE books RENAME TO volumes", "renamed table books"},
	{"ALTER TABLE books DROP COLUMN pages", "dropped column books.pages"},
	{"ALTER TABLE books RENAME COLUMN pages TO length", "renamed column books.pages"},
	{"ALTER TYPE color RENAME VALUE 'red' TO 'crimson'", "renamed value color.red"},
	{"ALTER INDEX books_title RENAME TO titles", "renamed index books_title on books"},
	{"ALTER TABLE books RENAME CONSTRAINT books_pkey TO books_id", "renamed constraint books_pkey on books"},
	{"ALTER TABLE books ALTER title TYPE varchar(100)", "changed type books.title; rewritten table books"},
	{"ALTER TABLE authors ALTER name TYPE varchar(40)", "changed type authors.name"},
	{"ALTER TABLE books ALTER changed TYPE timestamptz(0)", "changed type books.changed; rewritten table books"},
	{
		"ALTER TABLE authors ALTER name TYPE varchar(20) COLLATE \"C\"",
		"changed type authors.name; rebuilt index authors_name_key on authors",
	},
	{"ALTER TABLE books ALTER pages SET NOT NULL", "scanned under a lock books; set not null books.pages"},
	{"ALTER TABLE books ALTER author SET NOT NULL", "set not null books.author"}, // author_known proves it
	{"ALTER TABLE books ALTER title DROP NOT NULL", "dropped not null books.title"},
	{
		"ALTER TABLE books ADD COLUMN note text NOT NULL",
		"fails on existing rows books; required column books.note; scanned under a lock books",
	},
	{"ALTER TABLE books ALTER pages SET DEFAULT 2", "changed default books.pages"},
	{"ALTER TABLE books ALTER sold DROP DEFAULT", "changed default books.sold"},
	{"ALTER TABLE authors ALTER id DROP IDENTITY", "changed default authors.id"},
	{
		"ALTER TABLE books ADD CONSTRAINT c CHECK (sold < 10)",
		"scanned under a lock books; validated constraint c on books",
	},
	{
		"ALTER TABLE books ADD CONSTRAINT c CHECK (sold > 10)",
		"fails on existing rows books; scanned under a lock books; validated constraint c on books",
	},
	{"ALTER TABLE books ADD CONSTRAINT f FOREIGN KEY (sold) REFERENCES authors",
		"fails on existing rows books; scanned under a lock books; validated constraint f on books"},
	{
		"ALTER TABLE books ADD CONSTRAINT u UNIQUE (title)",
		"index on an existing table u on books; unique constraint u on books",
	},
	{
		"ALTER TABLE books ADD CONSTRAINT u UNIQUE (author)",
		"fails on existing rows books; index on an existing table u on books; unique constraint u on books",
	},
	{
		"CREATE UNIQUE INDEX u ON books (title, pages)",
		"index on an existing table u on books; unique index u on books",
	},
	{"ALTER TABLE books DROP CONSTRAINT books_sold_check", "dropped constraint books_sold_check on books"},
	{"ALTER TABLE authors DROP CONSTRAINT authors_name_key", "dropped constraint authors_name_key on authors"},
	{"DROP INDEX books_author", "dropped index books_author on books"},
	{"DROP FUNCTION touch CASCADE", "dropped function touch(); dropped trigger books_touch on books"},
	{"DROP TRIGGER books_touch ON books", "dropped trigger books_touch on books"},
	{"ALTER TABLE books DISABLE TRIGGER books_touch", "disabled trigger books_touch on books"},

	// What makes requests wait.
	{"CREATE INDEX i ON books (sold)", "index on an existing table i on books"},
	{"CREATE INDEX CONCURRENTLY i ON books (sold)", "not in a transaction"},
	{"ALTER TABLE books ADD COLUMN at timestamptz DEFAULT clock_timestamp()", "rewritten table books"},
	{"ALTER TABLE books ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY", "rewritten table books"},
	{"ALTER TABLE books ADD COLUMN twice int GENERATED ALWAYS AS (sold * 2) STORED", "rewritten table books"},
	{"ALTER TABLE books ADD COLUMN rating int CHECK (rating > 0)", "scanned under a lock books"},
	{"ALTER TABLE books ADD COLUMN code text UNIQUE", "index on an existing table books_code_key on books"},
	{"LOCK TABLE books; SELECT count(*) FROM books", "scanned under a lock books"},
	{"TRUNCATE books", "rewritten table books"},
	{"REINDEX TABLE authors", "rebuilt index authors_name_key on authors; rebuilt index authors_pkey on authors"},
	{
		"ALTER TABLE books ADD COLUMN note text; UPDATE books SET note = ''",
		"changed rows books; scanned under a lock books",
	},
	{"DELETE FROM books WHERE id = 1", "changed rows books"},

	// Marks.
	{reason + "ALTER TABLE books DROP COLUMN pages", ""},
	{reason + "ALTER TABLE books RENAME COLUMN pages TO length", ""},
	{reason + "ALTER TABLE books ALTER author SET NOT NULL", ""},
	{reason + "ALTER TABLE books ALTER pages SET NOT NULL", "scanned under a lock books"},
	{reason + wait + "ALTER TABLE books ALTER pages SET NOT NULL", ""},
	{reason + "-- The index is small.\n" + wait + "CREATE UNIQUE INDEX u ON books (title, pages)", ""},
	{wait + "CREATE INDEX i ON books (sold)", ""},
	{wait + "ALTER TABLE books DROP COLUMN pages", "dropped column books.pages; mark without use `-- blocks:`"},
	{"-- contract:\nDROP VIEW sales", "dropped view sales; mark without a reason `-- contract:`"},
	{"-- contract: not used\nDROP VIEW sales", "dropped view sales; mark without a reason `-- contract:`"},
	{
		"-- blocks: no\nCREATE INDEX i ON books (sold)",
		"index on an existing table i on books; mark without a reason `-- blocks:`",
	},
	{
		"-- Sales are gone.\n" + reason + "DROP VIEW sales",
		"dropped view sales; misplaced mark `-- contract:` in line 2",
	},
	{
		"CREATE INDEX i ON books (sold);\n" + wait,
		"index on an existing table i on books; misplaced mark `-- blocks:` in line 2",
	},
	{reason + "ALTER TABLE books ADD COLUMN note text", "mark without use `-- contract:`"},
	{
		wait + "ALTER TABLE books ADD COLUMN note text NOT NULL",
		"fails on existing rows books; required column books.note",
	},
}
