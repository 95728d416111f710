package migrations_test

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"minifb/migrations"
	"minifb/shared/ops/sam"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// areas returns the functions of template.yaml.
func areas(t *testing.T) (names []string) {
	t.Helper()
	template, err := sam.Load("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range template.Functions {
		names = append(names, f.Area)
	}
	return names
}

// migrated returns a pool to a database that store.Migrate has made, with the rights of an owner.
func migrated(t *testing.T) (db *sql.DB, address string) {
	t.Helper()
	address = testdb.Empty(t, "")
	if _, err := store.Migrate(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	return testdb.Open(t, address), address
}

// as returns the only connection to the database with the role of an area.
func as(t *testing.T, address, area string) *sql.Conn {
	t.Helper()
	address, err := testdb.WithRole(address, "minifb_"+area)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := testdb.Open(t, address).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestEveryFunctionHasARole(t *testing.T) {
	t.Parallel()
	db, _ := migrated(t)
	for _, area := range areas(t) {
		var exists bool
		err := db.QueryRow(`SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'minifb_' || $1)`, area).Scan(&exists)
		if err != nil || !exists {
			t.Errorf("the function %s has no role: add it to migrations/roles.sql, and its rights to grants.sql", area)
		}
		if !strings.Contains(migrations.Roles, "'"+area+"'") {
			t.Errorf("the role of the function %s is not created by migrations/roles.sql", area)
		}
	}
}

const insufficientPrivilege = "42501"

// code returns PostgreSQL's code of an error.
func code(err error) string {
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return failure.Code
	}
	return ""
}

// Rights are granted by column, and to roles alone: PostgreSQL's defaults give nobody anything. What a
// function's tests find to be needed is then needed as a whole.
func TestRightsAreByColumn(t *testing.T) {
	t.Parallel()
	db, _ := migrated(t)
	rows, err := db.Query(`
		SELECT relname || ': ' || privilege_type FROM pg_class, aclexplode(coalesce(relacl, acldefault('r', relowner)))
		WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')
			AND grantee <> relowner AND (privilege_type <> 'DELETE' OR grantee = 0 OR is_grantable)
		UNION ALL
		SELECT relname || ': ' || privilege_type FROM pg_class, aclexplode(coalesce(relacl, acldefault('s', relowner)))
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' AND grantee <> relowner
		UNION ALL
		SELECT attrelid::regclass || '.' || attname || ': ' || privilege_type FROM pg_attribute, aclexplode(attacl)
		WHERE attrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)
			AND (grantee = 0 OR is_grantable OR privilege_type NOT IN ('SELECT', 'INSERT', 'UPDATE'))
		UNION ALL
		SELECT proname || ': ' || privilege_type FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner)))
		WHERE pronamespace = 'public'::regnamespace AND (grantee = 0 OR is_grantable AND grantee <> proowner)`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var right string
		if err := rows.Scan(&right); err != nil {
			t.Fatal(err)
		}
		t.Errorf("migrations/grants.sql grants too much: %s", right)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// What runs with the owner's rights uses only the owner's tables and functions, whatever the caller's
// search path.
func TestFunctionsWithTheOwnersRightsHaveASearchPath(t *testing.T) {
	t.Parallel()
	db, _ := migrated(t)
	var unsafe sql.NullString
	err := db.QueryRow(`
		SELECT string_agg(oid::regprocedure::text, ', ') FROM pg_proc
		WHERE pronamespace = 'public'::regnamespace AND prosecdef
			AND NOT EXISTS (
				SELECT FROM unnest(proconfig) AS c WHERE c ~ '^search_path=(pg_catalog, )?public, pg_temp$')`,
	).Scan(&unsafe)
	if err != nil || unsafe.Valid {
		t.Errorf("add SET search_path = public, pg_temp to %s: %v", unsafe.String, err)
	}
}

// What an earlier release granted, or an operator by hand, is gone after Migrate; so is what
// PostgreSQL allows everybody.
func TestMigrateTakesOtherRights(t *testing.T) {
	t.Parallel()
	db, address := migrated(t)
	for _, grant := range []string{
		`GRANT SELECT ON users TO minifb_post`, `GRANT SELECT (email) ON users TO PUBLIC`,
		`GRANT ALL ON SEQUENCE posts_id_seq TO minifb_post`, `GRANT EXECUTE ON FUNCTION has_email TO PUBLIC`,
		`GRANT CREATE ON SCHEMA public TO PUBLIC`, `GRANT TEMPORARY ON DATABASE ` + databaseOf(address) + ` TO PUBLIC`,
	} {
		if _, err := db.Exec(grant); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.Migrate(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	conn := as(t, address, "post")
	for _, attack := range []string{
		`SELECT email FROM users`, `SELECT nextval('posts_id_seq')`, `SELECT has_email(1)`, `CREATE TABLE mine ()`,
		`CREATE TEMPORARY TABLE mine ()`,
	} {
		if _, err := conn.ExecContext(t.Context(), attack); code(err) != insufficientPrivilege {
			t.Errorf("%s: %v, want it refused", attack, err)
		}
	}
}

// A function that is made later may be called by nobody before Migrate grants it.
func TestLaterFunctionsOfTheDatabaseAreClosed(t *testing.T) {
	t.Parallel()
	db, address := migrated(t)
	const later = `CREATE FUNCTION later() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'`
	if _, err := db.Exec(later); err != nil {
		t.Fatal(err)
	}
	if _, err := as(t, address, "post").ExecContext(t.Context(), `SELECT later()`); code(err) != insufficientPrivilege {
		t.Errorf("got %v, want it refused", err)
	}
}

func databaseOf(address string) string {
	_, rest, _ := strings.Cut(address, "/empty_")
	name, _, _ := strings.Cut(rest, "?")
	return "empty_" + name
}

// An older build leaves the rights as a newer one has granted them.
func TestOlderBuildKeepsRights(t *testing.T) {
	t.Parallel()
	db, address := migrated(t)
	if _, err := db.Exec(`CREATE TABLE later (id bigint); GRANT SELECT ON later TO minifb_post;
		INSERT INTO bun_migrations (name, group_id) VALUES ('9999', 99)`); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Migrate(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	if _, err := as(t, address, "post").ExecContext(t.Context(), `SELECT id FROM later`); err != nil {
		t.Error(err)
	}
}

// The owner of the tables may create no role, as on a host. Roles that exist need no such right.
func TestRolesNeedNoRightIfTheyExist(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t, testdb.Empty(t, ""))
	if err := inTx(t.Context(), db, `SET LOCAL ROLE minifb_post`, migrations.Roles); err != nil {
		t.Error(err)
	}
	lacking := strings.ReplaceAll(migrations.Roles, "'account'", "'new'")
	if err := inTx(t.Context(), db, `SET LOCAL ROLE minifb_post`, lacking); code(err) != insufficientPrivilege {
		t.Errorf("a role that does not exist: %v, want insufficient privilege", err)
	}
}

// inTx executes the statements in a transaction that is rolled back.
func inTx(ctx context.Context, db *sql.DB, statements ...string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// Several databases of a server may be migrated at once by users who create the roles.
func TestRolesAreCreatedOnce(t *testing.T) {
	t.Parallel()
	db := testdb.Open(t, testdb.Empty(t, ""))
	text := strings.ReplaceAll(migrations.Roles, "'minifb_'", "'minifb_once_'")
	results := make(chan error, 8)
	for range cap(results) {
		go func() {
			_, err := db.ExecContext(t.Context(), text)
			results <- err
		}()
	}
	for range cap(results) {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	var powerful int
	err := db.QueryRow(`SELECT count(*) FROM pg_roles WHERE starts_with(rolname, 'minifb_once_')
		AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)`).Scan(&powerful)
	if err != nil || powerful != 0 {
		t.Errorf("%d roles may do more than sign in, %v", powerful, err)
	}
	for _, area := range areas(t) {
		if _, err := db.Exec("DROP ROLE minifb_once_" + area); err != nil {
			t.Error(err)
		}
	}
}
