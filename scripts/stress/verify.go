package main

import (
	"context"
	"database/sql"
	"fmt"

	"minifb/shared/ops/invariants"
)

// A promise is a query that answers a line for each place where it is broken.
type promise struct{ name, query string }

var promises = []promise{
	{"every counter equals its rows", invariants.Counters},
	// The schema demands these; a migration might forget.
	{"nothing hangs on what is gone", `
		SELECT 'comment ' || c.id FROM comments c WHERE NOT EXISTS (SELECT FROM posts p WHERE p.id = c.post_id)
		UNION ALL SELECT format('reaction to post %s', r.post_id) FROM post_reactions r
			WHERE NOT EXISTS (SELECT FROM posts p WHERE p.id = r.post_id)
		UNION ALL SELECT format('reaction to comment %s', r.comment_id) FROM comment_reactions r
			WHERE NOT EXISTS (SELECT FROM comments c WHERE (c.post_id, c.id) = (r.post_id, r.comment_id))
		UNION ALL SELECT 'notification ' || n.id FROM notifications n WHERE NOT EXISTS (SELECT FROM posts p WHERE p.id = n.post_id)`},
	{"no notification is for oneself", `SELECT 'notification ' || id FROM notifications WHERE user_uid = actor_uid`},
	{"a notification is for the post's owner", `
		SELECT 'notification ' || n.id FROM notifications n JOIN posts p ON p.id = n.post_id WHERE p.owner_uid <> n.user_uid`},
	{"no notification is doubled", `
		SELECT format('%s of type %s about post %s, comment %s', count(*), type, post_id, comment_id) FROM notifications
		GROUP BY type, post_id, comment_id, CASE type WHEN 2 THEN actor_uid END HAVING count(*) > 1`},
	{"a notification of type 2 has its reaction, with the same type", `
		SELECT format('notification %s says %s, the reaction %s', n.id, n.reaction_type, coalesce(r.type::text, 'is missing'))
		FROM notifications n LEFT JOIN post_reactions r ON r.post_id = n.post_id AND r.user_uid = n.actor_uid
		WHERE n.type = 2 AND r.type IS DISTINCT FROM n.reaction_type`},
	{"a reaction to another's post has its notification", `
		SELECT format('reaction of user %s to post %s', r.user_uid, r.post_id)
		FROM post_reactions r JOIN posts p ON p.id = r.post_id
		WHERE r.user_uid <> p.owner_uid
			AND NOT EXISTS (SELECT FROM notifications n WHERE n.type = 2 AND n.post_id = r.post_id AND n.actor_uid = r.user_uid)`},
	{"a notification of type 1 has its comment", `
		SELECT 'notification ' || n.id FROM notifications n LEFT JOIN comments c ON c.post_id = n.post_id AND c.id = n.comment_id
		WHERE n.type = 1 AND c.owner_uid IS DISTINCT FROM n.actor_uid`},
	{"a comment on another's post has its notification", `
		SELECT 'comment ' || c.id FROM comments c JOIN posts p ON p.id = c.post_id
		WHERE c.owner_uid <> p.owner_uid
			AND NOT EXISTS (SELECT FROM notifications n WHERE n.type = 1 AND n.post_id = c.post_id AND n.comment_id = c.id)`},
	{"no comment is written twice", `
		SELECT format('%s times %s', count(*), split_part(content, ' ', 1)) FROM comments GROUP BY split_part(content, ' ', 1) HAVING count(*) > 1`},
}

// verify looks whether every promise was kept.
func (t *stress) verify(ctx context.Context, walkers []*walker) error {
	conn, err := t.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	defer conn.Close()
	for _, p := range promises {
		broken, err := lines(ctx, conn, p.query)
		if err != nil {
			return fmt.Errorf("verify that %s: %w", p.name, err)
		}
		for _, where := range broken {
			t.violate("broken: %s: %s", p.name, where)
		}
	}
	if err := t.verifyDurable(ctx, walkers); err != nil {
		return err
	}
	return t.verifyLogs()
}

// verifyDurable looks whether all that was acknowledged is there, and nothing that was deleted.
func (t *stress) verifyDurable(ctx context.Context, walkers []*walker) error {
	posts, err := keyed(ctx, t.db, `SELECT id, 0, '' FROM posts`)
	if err != nil {
		return err
	}
	comments, err := keyed(ctx, t.db, `SELECT id, 0, content FROM comments`)
	if err != nil {
		return err
	}
	reactions, err := keyed(ctx, t.db, `SELECT post_id, user_uid, type::text FROM post_reactions`)
	if err != nil {
		return err
	}
	commentReactions, err := keyed(ctx, t.db, `SELECT comment_id, user_uid, type::text FROM comment_reactions`)
	if err != nil {
		return err
	}
	for _, p := range t.all {
		t.present("post", row{p.id, 0}, posts, &p.fate)
	}
	for _, w := range walkers {
		for _, c := range w.written {
			t.present("comment", row{c.id, 0}, comments, &c.fate, &c.on.fate)
			if text, ok := comments[row{c.id, 0}]; ok && !c.text.holds(text) {
				t.violate("lost: comment %d reads %q, and %q was acknowledged", c.id, text, c.text.value)
			}
		}
		t.reacted("post", w.reactions, posts, reactions)
		t.reacted("comment", w.commentReactions, comments, commentReactions)
	}
	return nil
}

// present looks for what must be there, or must not.
func (t *stress) present(kind string, r row, rows map[row]string, fates ...*fate) {
	_, there := rows[r]
	condemned, deleted := false, false
	for _, f := range fates {
		condemned = condemned || f.condemned.Load()
		deleted = deleted || f.deleted.Load()
	}
	switch {
	case deleted && there:
		t.violate("undead: the deletion of %s %d was acknowledged, and it is there", kind, r.id)
	case !condemned && !there:
		t.violate("lost: %s %d was acknowledged, and is not there", kind, r.id)
	}
}

// reacted compares the reactions to things that stand with what was acknowledged.
func (t *stress) reacted(kind string, told map[on]*register[int], things, rows map[row]string) {
	for key, held := range told {
		if _, stands := things[row{key.id, 0}]; !stands {
			continue
		}
		found := 0
		if text := rows[row{key.id, key.user.uid}]; text != "" {
			found = int(text[0] - '0')
		}
		if !held.holds(found) {
			t.violate("lost: user %d has reaction %d to %s %d, and %d was acknowledged (0: none)", key.user.uid, found, kind, key.id, held.value)
		}
	}
}

type row struct{ id, user int64 }

// keyed reads rows of an id, a user and a text.
func keyed(ctx context.Context, db *sql.DB, query string) (map[row]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	all := map[row]string{}
	for rows.Next() {
		var r row
		var text string
		if err := rows.Scan(&r.id, &r.user, &text); err != nil {
			return nil, fmt.Errorf("%s: %w", query, err)
		}
		all[r] = text
	}
	return all, rows.Err()
}

// lines reads rows of one text.
func lines(ctx context.Context, conn *sql.Conn, query string) (all []string, err error) {
	rows, err := conn.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
