package main

import (
	"context"
	"fmt"
	"time"

	"minifb/shared/ops/invariants"
)

// newNotifications returns one text for each comment of this run without its notification, and for each notification of
// this run without its comment or reaction. The data has notifications of a part of its rows alone, so
// invariants.Notifications does not hold for it.
const newNotifications = `
	SELECT format('the comment %s has no notification', c.id)
	FROM comments c JOIN posts p ON p.id = c.post_id
	WHERE c.id > $1 AND c.owner_uid <> p.owner_uid AND NOT EXISTS (
		SELECT FROM notifications n WHERE n.user_uid = p.owner_uid AND n.type = 1 AND n.comment_id = c.id
			AND n.post_id = c.post_id AND n.actor_uid = c.owner_uid)
	UNION ALL
	SELECT format('the notification %s has no cause', n.id)
	FROM notifications n JOIN posts p ON p.id = n.post_id
	WHERE n.id > $2 AND (p.owner_uid <> n.user_uid OR CASE n.type
		WHEN 1 THEN NOT EXISTS (SELECT FROM comments c
			WHERE c.post_id = n.post_id AND c.id = n.comment_id AND c.owner_uid = n.actor_uid)
		ELSE NOT EXISTS (SELECT FROM post_reactions r
			WHERE r.post_id = n.post_id AND r.user_uid = n.actor_uid AND r.type = n.reaction_type) END)`

// maxViolations is how many violations are listed.
const maxViolations = 10

// verify compares the counters, totals and notifications with their rows, if rows that write were measured, and returns
// what is wrong.
func (b *bench) verify(ctx context.Context) (wrong []string, err error) {
	writes := false
	for _, r := range b.rows {
		writes = writes || r.writes
	}
	if !writes {
		return nil, nil
	}
	begun := time.Now()
	fmt.Fprintln(b.output, "Comparing the counters and the new notifications with their rows.")
	d := b.database
	if wrong, err = d.texts(ctx, invariants.Counters); err != nil {
		return nil, err
	}
	notifications, err := d.texts(ctx, newNotifications, d.loaded.Comments, d.loaded.Notifications)
	if err != nil {
		return nil, err
	}
	wrong = append(wrong, notifications...)
	if more := len(wrong) - maxViolations; more > 0 {
		wrong = append(wrong[:maxViolations], fmt.Sprintf("%d more", more))
	}
	fmt.Fprintf(b.output, "  done in %.0f s\n", time.Since(begun).Seconds())
	return wrong, nil
}

// texts returns the only column of a query, which may have many rows to sort.
func (d *database) texts(ctx context.Context, query string, arguments ...any) (texts []string, err error) {
	c, err := d.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, `SET work_mem = '256MB'`); err != nil {
		return nil, err
	}
	rows, err := c.QueryContext(ctx, query, arguments...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}
