package migrations_test

import (
	"strings"
	"testing"
)

// The first form of 0003 generated sessions.restricted. A database with that column gets the same schema as
// every other.
func TestCorrectionsOfAGeneratedColumn(t *testing.T) {
	t.Parallel()
	const column = "restricted boolean NOT NULL "
	const made, generated = column + "DEFAULT false", column + "GENERATED ALWAYS AS (temporary_hash IS NOT NULL) STORED"
	conn, other := connect(t), connect(t)
	for _, up := range ups(t) {
		apply(t, other, up)
		text := read(t, up)
		if up == "0003_accounts.tx.up.sql" {
			text = strings.Replace(text, made, generated, 1)
			if !strings.Contains(text, generated) {
				t.Fatal("0003 does not make the column restricted as this test expects")
			}
		}
		run(t, conn, up, text)
		if up == "0003_accounts.tx.up.sql" {
			run(t, conn, "a user and a restricted session", `
				INSERT INTO users (id, password_hash, name) VALUES ('ann.1', 'no password', 'ann');
				INSERT INTO sessions (user_uid, temporary_hash, user_agent, expires_at)
					SELECT uid, sha256('secret'), '', now() + interval '1 day' FROM users`)
		}
	}
	want, err := readCatalog(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	got, err := readCatalog(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	if changes := want.difference(got); len(changes) > 0 {
		t.Errorf("this is missing (-) or too much (+):\n%s", strings.Join(changes, "\n"))
	}
	var restricted bool
	if err := conn.QueryRowContext(t.Context(), `SELECT restricted FROM sessions`).Scan(&restricted); err != nil ||
		!restricted {
		t.Errorf("the session's restriction is lost: %v", err)
	}
	run(t, conn, "a change of the password", `UPDATE sessions SET temporary_hash = NULL, restricted = false`)
	_, err = conn.ExecContext(t.Context(), `UPDATE sessions SET restricted = true`)
	if code(err) != "23514" { // check_violation
		t.Errorf("restricted without a temporary password: %v, want a violation of the check", err)
	}
}
