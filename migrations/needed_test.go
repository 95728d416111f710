package migrations_test

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// These tests say what each constraint and each index is for, and fail if it is gone. Whoever adds one
// adds what it refuses, or a query that reads it.

// refused lists what each check and each unique index, other than that of a primary key, refuses.
var refused = map[string][]string{
	"users_id_check": {
		`UPDATE users SET id = 'abc'`, `UPDATE users SET id = repeat('a', 51)`, `UPDATE users SET id = 'a b'`,
	},
	"users_id": {`INSERT INTO users (id, password_hash, name) VALUES ('ALICE', 'no password', 'Al')`},
	"users_password_hash_check": {
		`UPDATE users SET password_hash = '123456789'`, `UPDATE users SET password_hash = repeat('x', 101)`,
	},
	"users_name_check":     {`UPDATE users SET name = 'x'`, `UPDATE users SET name = repeat('글', 17)`},
	"users_nickname_check": {`UPDATE users SET nickname = ''`, `UPDATE users SET nickname = repeat('글', 31)`},
	"users_intro_check":    {`UPDATE users SET intro = ''`, `UPDATE users SET intro = repeat('글', 86)`},
	"users_email_check":    {`UPDATE users SET email = '@@'`, `UPDATE users SET email = repeat('x', 255)`},
	"users_role_check":     {`UPDATE users SET role = 'owner'`},
	"users_row_lock":       {`UPDATE users SET row_lock = true`},

	"posts_content_check":       {`UPDATE posts SET content = ''`, `UPDATE posts SET content = repeat('글', 3001)`},
	"posts_comment_count_check": {`UPDATE posts SET comment_count = -1`},
	"comments_content_check": {
		`UPDATE comments SET content = ''`, `UPDATE comments SET content = repeat('글', 1001)`,
	},
	"post_reactions_type_check": {`UPDATE post_reactions SET type = 0`, `UPDATE post_reactions SET type = 6`},
	"comment_reactions_type_check": {
		`UPDATE comment_reactions SET type = 0`, `UPDATE comment_reactions SET type = 6`,
	},

	"notifications_type_check": {`UPDATE notifications SET type = 3, comment_id = NULL, reaction_type = NULL`},
	"notifications_check":      {`UPDATE notifications SET actor_uid = user_uid`}, // of oneself
	"notifications_check1": {
		`UPDATE notifications SET reaction_type = 1 WHERE type = 1`,
		`UPDATE notifications SET comment_id = NULL WHERE type = 1`,
		`UPDATE notifications SET reaction_type = NULL WHERE type = 2`,
	},
	"notifications_reaction_type_check": {
		`UPDATE notifications SET reaction_type = 6 WHERE type = 2`,
		`UPDATE notifications SET reaction_type = 0 WHERE type = 2`,
	},
	"notifications_reaction": {`INSERT INTO notifications (user_uid, type, actor_uid, post_id, reaction_type)
		SELECT user_uid, 2, actor_uid, post_id, 5 FROM notifications WHERE type = 2`},

	"sessions_restricted": {
		`UPDATE sessions SET restricted = true`, `UPDATE sessions SET temporary_hash = sha256('')`,
	},
	"refresh_tokens_hash_check":        {`UPDATE refresh_tokens SET hash = ''`},
	"temporary_passwords_hash_check":   {`UPDATE temporary_passwords SET hash = ''`},
	"idempotency_keys_body_hash_check": {`UPDATE idempotency_keys SET body_hash = ''`},
	"idempotency_keys_key_check": {
		`UPDATE idempotency_keys SET key = ''`, `UPDATE idempotency_keys SET key = repeat('x', 256)`,
	},
	"temporary_password_requests_user_id_check": {`UPDATE temporary_password_requests SET user_id = 'ALICE'`},
	"temporary_password_requests_user_id_key":   {`UPDATE temporary_password_requests SET user_id = 'alice'`},
	"totals_what_check":                         {`UPDATE totals SET what = 'likes'`},
	"total_changes_what_check":                  {`UPDATE total_changes SET what = 'likes'`},
}

func init() {
	for _, table := range []string{"posts", "comments"} {
		for kind := 1; kind <= 5; kind++ {
			refused[fmt.Sprintf("%s_reaction_%d_check", table, kind)] = []string{
				fmt.Sprintf(`UPDATE %s SET reaction_%d = -1`, table, kind),
			}
		}
	}
}

// references lists what belongs to what, and is deleted with it.
var references = []string{
	"comment_reactions (post_id, comment_id) comments(post_id, id)",
	"comment_reactions (user_uid) users(uid)",
	"comments (owner_uid) users(uid)",
	"comments (post_id) posts(id)",
	"idempotency_keys (user_uid) users(uid)",
	"notifications (actor_uid) users(uid)",
	"notifications (post_id) posts(id)",
	"notifications (post_id, comment_id) comments(post_id, id)",
	"notifications (user_uid) users(uid)",
	"post_reactions (post_id) posts(id)",
	"post_reactions (user_uid) users(uid)",
	"posts (owner_uid) users(uid)",
	"refresh_tokens (session_id) sessions(id)",
	"sessions (user_uid) users(uid)",
	"temporary_passwords (user_uid) users(uid)",
}

// found lists, without its SELECT FROM, a query for each other index. The query reads that index and no
// more rows than it needs: it is a list's, a sweep's, or that of a deletion which takes the rows along.
var found = map[string]string{
	"users_deleted":                   `users WHERE deleted_at IS NOT NULL ORDER BY uid LIMIT 10`,
	"posts_owner":                     `posts WHERE owner_uid = 1 AND id < 5 ORDER BY owner_uid DESC, id DESC`,
	"comments_id":                     `comments WHERE id = 1`,
	"comments_owner":                  `comments WHERE owner_uid = 1`,
	"post_reactions_newest":           `post_reactions WHERE post_id = 1 ORDER BY created_at DESC`,
	"post_reactions_user":             `post_reactions WHERE user_uid = 1`,
	"comment_reactions_newest":        `comment_reactions WHERE post_id = 1 AND comment_id = 1 ORDER BY created_at`,
	"comment_reactions_user":          `comment_reactions WHERE user_uid = 1`,
	"notifications_unread":            `notifications WHERE user_uid = 1 AND NOT read ORDER BY id DESC`,
	"notifications_post":              `notifications WHERE post_id = 1 AND comment_id = 1`,
	"notifications_actor":             `notifications WHERE actor_uid = 1`,
	"sessions_user":                   `sessions WHERE user_uid = 1 ORDER BY created_at DESC, id DESC`,
	"sessions_expires":                `sessions WHERE expires_at < now()`,
	"refresh_tokens_session":          `refresh_tokens WHERE session_id = '00000000-0000-0000-0000-000000000000'`,
	"refresh_tokens_parent":           `refresh_tokens WHERE parent = ''`,
	"refresh_tokens_used":             `refresh_tokens WHERE used_at < now()`,
	"ended_sessions_at":               `ended_sessions WHERE ended_at > now()`,
	"idempotency_keys_age":            `idempotency_keys WHERE user_uid < 2 ORDER BY user_uid, created_at`,
	"idempotency_keys_created":        `idempotency_keys WHERE created_at < now()`,
	"temporary_password_requests_due": `temporary_password_requests WHERE due_at <= now() ORDER BY due_at`,
	"rate_limits_tat":                 `rate_limits WHERE tat < now()`,
}

// nullable lists the columns that may be null.
const nullable = `comment_reactions.previous idempotency_keys.answer idempotency_keys.created_id
	notifications.comment_id notifications.reaction_type post_reactions.previous refresh_tokens.parent
	refresh_tokens.used_at request_times.p50 request_times.p99 request_times.requests sessions.family
	sessions.temporary_hash temporary_password_requests.error users.deleted_at users.email users.intro users.nickname
	users.row_lock`

// newest returns a connection to a database with the newest schema and a few rows, and the schema.
func newest(t *testing.T) (*sql.Conn, catalog) {
	t.Helper()
	conn := connect(t)
	for _, up := range ups(t) {
		apply(t, conn, up)
		addRows(t, conn, up)
	}
	c, err := readCatalog(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	return conn, c
}

// refusal returns the name of the constraint or unique index that refuses a statement, which is then
// taken back.
func refusal(t *testing.T, conn *sql.Conn, statement string) string {
	t.Helper()
	_, err := conn.ExecContext(t.Context(), "BEGIN;"+statement)
	if _, failure := conn.ExecContext(t.Context(), "ROLLBACK"); failure != nil {
		t.Fatal(failure)
	}
	var violated *pgconn.PgError
	if err != nil && (!errors.As(err, &violated) || !strings.HasPrefix(violated.Code, "23")) {
		t.Fatalf("%s: %v", statement, err)
	}
	if err == nil {
		return ""
	}
	return violated.ConstraintName
}

func TestEachConstraintIsNeeded(t *testing.T) {
	t.Parallel()
	conn, c := newest(t)
	for name, statements := range refused {
		for _, statement := range statements {
			if got := refusal(t, conn, statement); got != name {
				t.Errorf("%s\nis refused by %q, want %s", statement, got, name)
			}
		}
	}
	for _, table := range c.of("table") {
		columns := strings.Join(c.writable(table), ", ")
		again := fmt.Sprintf("INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s LIMIT 1",
			table.Name, columns, columns, table.Name)
		if got := refusal(t, conn, again); got != table.Name+"_pkey" {
			t.Errorf("the same row again in %s is refused by %q, want the primary key", table.Name, got)
		}
	}
	var belong []string
	for _, o := range c.of("constraint") {
		switch o.Type {
		case "f":
			definition, cascades := strings.CutSuffix(o.Definition, " ON DELETE CASCADE")
			if !cascades {
				t.Errorf("%s does not cascade: %s", c.name(o), o.Definition)
			}
			table, _ := c.table(o)
			belong = append(belong, table.Name+" "+
				strings.NewReplacer("FOREIGN KEY ", "", "REFERENCES ", "").Replace(definition))
		case "c", "u", "x":
			if refused[o.Name] == nil {
				t.Errorf("say in `refused` what %s refuses", c.name(o))
			}
		}
	}
	slices.Sort(belong)
	if !slices.Equal(belong, references) {
		t.Errorf("the foreign keys are\n%s\nwant\n%s", strings.Join(belong, "\n"), strings.Join(references, "\n"))
	}
}

// writable returns the names of the table's columns that are not generated from others.
func (c catalog) writable(table object) (names []string) {
	for _, o := range c.of("column") {
		if o.Table == table.Table && !strings.HasPrefix(o.Default, "GENERATED histogram") &&
			!strings.HasPrefix(o.Default, "GENERATED percentile") {
			names = append(names, o.Name)
		}
	}
	return names
}

func TestEachIndexIsNeeded(t *testing.T) {
	t.Parallel()
	conn, c := newest(t)
	if _, err := conn.ExecContext(t.Context(), "SET enable_seqscan = off; SET enable_sort = off"); err != nil {
		t.Fatal(err)
	}
	ofConstraints := c.constraintIndexes()
	for _, o := range c.of("index") {
		if !ofConstraints[o.ID] && found[o.Name] == "" && refused[o.Name] == nil {
			t.Errorf("say in `found` which query reads %s, or in `refused` what it refuses", c.name(o))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		var plan string
		query := "EXPLAIN (FORMAT JSON) SELECT FROM " + found[name]
		if err := conn.QueryRowContext(t.Context(), query).Scan(&plan); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(plan, fmt.Sprintf(`"Index Name": %q`, name)) || strings.Contains(plan, `"Filter"`) ||
			strings.Contains(plan, `"Sort Key"`) {
			t.Errorf("%s\ndoes not read %s alone: %s", found[name], name, plan)
		}
	}
}

func TestColumnsThatMayBeNull(t *testing.T) {
	t.Parallel()
	_, c := newest(t)
	var names []string
	for _, o := range c.of("column") {
		if table, _ := c.table(o); !o.Required && table.Kind == "table" {
			names = append(names, c.name(o))
		}
	}
	if got, want := strings.Join(names, " "), strings.Join(strings.Fields(nullable), " "); got != want {
		t.Errorf("these columns may be null:\n%s\nwant\n%s", got, want)
	}
}
