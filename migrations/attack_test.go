package migrations_test

import (
	"slices"
	"strings"
	"testing"
)

// secrets are the columns that the role of hardly any function may read, and the areas that may.
var secrets = map[string][]string{
	"users.password_hash":       {"account", "auth"},
	"users.email":               {"account", "maintenance"},
	"sessions.temporary_hash":   {"account"},
	"sessions.family":           {"auth"},
	"refresh_tokens.hash":       {"auth"},
	"refresh_tokens.session_id": {"auth"},
	"refresh_tokens.parent":     {"auth"},
	"refresh_tokens.created_at": {},
	"refresh_tokens.used_at":    {"auth"},
	"temporary_passwords.hash":  {"auth"},
	"idempotency_keys.answer":   {"comment", "post"},
}

// Whoever has the role of a function reads no secret that this function does not need.
func TestRolesReadNoSecrets(t *testing.T) {
	t.Parallel()
	_, address := migrated(t)
	for _, area := range areas(t) {
		conn := as(t, address, area)
		for column, may := range secrets {
			table, name, _ := strings.Cut(column, ".")
			_, err := conn.ExecContext(t.Context(), "SELECT "+name+" FROM "+table)
			if slices.Contains(may, area) != (err == nil) || err != nil && code(err) != insufficientPrivilege {
				t.Errorf("%s reads %s: %v; allowed are %v", area, column, err, may)
			}
		}
	}
}

// A function's role in an attacker's hands is no way to more.
func TestRolesCannotEscape(t *testing.T) {
	t.Parallel()
	db, address := migrated(t)
	for _, area := range areas(t) {
		conn := as(t, address, area)
		for _, attack := range []string{
			`COPY (SELECT 1) TO PROGRAM 'true'`,
			`COPY bun_migrations FROM PROGRAM 'true'`,
			`COPY (SELECT 1) TO '/tmp/minifb-attack'`,
			`SELECT pg_read_file('/etc/passwd')`,
			`SELECT lo_import('/etc/passwd')`,
			`CREATE TABLE mine (a int)`,
			`CREATE TEMPORARY TABLE users (a int)`,
			`CREATE SCHEMA mine`,
			`CREATE VIEW mine AS SELECT 1`,
			`CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`,
			`CREATE OR REPLACE FUNCTION has_email(account bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'`,
			`CREATE EXTENSION pg_trgm`,
			`CREATE ROLE mine`,
			`CREATE DATABASE mine`,
			`ALTER ROLE postgres PASSWORD 'mine'`,
			`ALTER TABLE users DISABLE TRIGGER ALL`,
			`ALTER FUNCTION has_email(bigint) SECURITY INVOKER`,
			`TRUNCATE ended_sessions`,
			`SELECT rolpassword FROM pg_authid`,
			`SELECT passwd FROM pg_shadow`,
			`INSERT INTO bun_migrations (name) VALUES ('9999')`,
			`SELECT setval('users_uid_seq', 1)`,
			`SET ROLE postgres`,
			`SET SESSION AUTHORIZATION postgres`,
			`UPDATE users SET role = 'admin'`,
			`INSERT INTO users (id, password_hash, name, role) VALUES ('mallory', 'no password', 'mallory', 'admin')`,
		} {
			if _, err := conn.ExecContext(t.Context(), attack); code(err) != insufficientPrivilege {
				t.Errorf("%s: %s: %v, want it refused", area, attack, err)
			}
		}
		for _, other := range areas(t) {
			if _, err := conn.ExecContext(t.Context(), "SET ROLE minifb_"+other); other != area &&
				code(err) != insufficientPrivilege {
				t.Errorf("%s becomes %s: %v", area, other, err)
			}
		}
	}
	var owned int
	err := db.QueryRow(`SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
		WHERE r.rolname LIKE 'minifb\_%'`).Scan(&owned)
	if err != nil || owned != 0 {
		t.Errorf("the roles own %d tables: %v", owned, err)
	}
}

// The column that a role may update to lock a user's row can hold nothing.
func TestRowLockCannotBeSet(t *testing.T) {
	t.Parallel()
	db, address := migrated(t)
	_, err := db.Exec(`INSERT INTO users (id, password_hash, name) VALUES ('ann.1', 'no password', 'ann')`)
	if err != nil {
		t.Fatal(err)
	}
	_, err = as(t, address, "post").ExecContext(t.Context(), `UPDATE users SET row_lock = true`)
	if code(err) != "23514" { // check_violation
		t.Errorf("got %v, want a violation of the check", err)
	}
}

// What rehearse() creates, an administrator among it, can only be seen by the transaction that has called it:
// nobody can commit it.
func TestRehearsalsCannotBeCommitted(t *testing.T) {
	t.Parallel()
	db, address := migrated(t)
	for _, area := range areas(t) {
		conn := as(t, address, area)
		for _, attack := range []string{
			`SELECT FROM rehearse()`,
			`BEGIN; SELECT FROM rehearse(); COMMIT`,
			`BEGIN; SELECT FROM rehearse(); SET CONSTRAINTS ALL IMMEDIATE; COMMIT`,
			`BEGIN; SELECT FROM rehearse(); PREPARE TRANSACTION 'kept'`,
			`BEGIN; SAVEPOINT s; SELECT FROM rehearse(); RELEASE s; COMMIT`,
			`BEGIN; SELECT FROM rehearse(); UPDATE users SET created_at = now(); COMMIT`,
			`BEGIN; SELECT FROM rehearse(); DELETE FROM users; COMMIT`,
			`BEGIN; SELECT FROM rehearse(); SET LOCAL session_replication_role = replica; COMMIT`,
			`ALTER TABLE users DISABLE TRIGGER users_rehearsal`,
		} {
			_, err := conn.ExecContext(t.Context(), attack)
			if err == nil || !slices.Contains([]string{insufficientPrivilege, "P0001", "55000"}, code(err)) {
				t.Errorf("%s: %s: %v", area, attack, err)
			}
			_, _ = conn.ExecContext(t.Context(), `ROLLBACK`)
		}
	}
	for _, change := range []string{`UPDATE users SET created_at = now()`, `DELETE FROM users`} { // as the owner
		if _, err := db.Exec(`BEGIN; SELECT FROM rehearse(); ` + change + `; COMMIT`); code(err) != "P0001" {
			t.Errorf("the owner: %s: %v", change, err)
		}
	}
	var left int
	if err := db.QueryRow(`SELECT count(*) FROM users`).Scan(&left); err != nil || left > 0 {
		t.Errorf("%d users remain of rehearsals: %v", left, err)
	}
}

// Whoever holds a function's role can leave a rehearsal open. That keeps no other release from its own.
func TestOpenRehearsalHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	_, address := migrated(t)
	for _, area := range []string{"docs", "post"} {
		conn := as(t, address, area)
		const begin = `SET lock_timeout = '10s'; BEGIN; SELECT FROM rehearse()`
		if _, err := conn.ExecContext(t.Context(), begin); err != nil {
			t.Errorf("%s: %v", area, err)
		}
	}
}
