package store_test

import (
	"context"
	"reflect"
	"testing"

	"minifb/shared/store"
)

// pgx and bun read the same from each list that is read natively, of rows that have every column and of rows that have
// NULL where that may be.
func TestNativeRows(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 3)
	f.exec(`UPDATE users SET nickname = 'Nick' WHERE uid = $1`, f.users[0])
	f.exec(`INSERT INTO posts (owner_uid, content, modified, revision, comment_count,
			reaction_1, reaction_2, reaction_3, reaction_4, reaction_5, created_at)
		VALUES ($1, 'ein Bär', true, 2, 3, 4, 5, 6, 7, 8, '2026-02-03 04:05:06.789'), ($1, 'plain', false, 1, 0,
			0, 0, 0, 0, 0, 'epoch'), ($2, 'another', false, 1, 0, 0, 0, 0, 0, 0, now())`, f.users[0], f.users[1])
	f.exec(`INSERT INTO post_reactions (post_id, user_uid, type) VALUES (1, $1, 2), (3, $1, 5)`, f.users[1])
	f.exec(`INSERT INTO comments (post_id, owner_uid, content, modified, revision,
			reaction_1, reaction_2, reaction_3, reaction_4, reaction_5)
		VALUES (1, $1, 'first', true, 2, 3, 4, 5, 6, 7), (1, $2, 'second', false, 1, 0, 0, 0, 0, 0)`,
		f.users[0], f.users[1])
	f.exec(`INSERT INTO comment_reactions (post_id, comment_id, user_uid, type) VALUES (1, 1, $1, 4)`, f.users[1])
	f.exec(`INSERT INTO notifications (user_uid, type, actor_uid, post_id, comment_id, reaction_type, read)
		VALUES ($1, 1, $2, 1, 2, NULL, true), ($1, 2, $2, 1, NULL, 2, false), ($2, 2, $1, 3, NULL, 1, false)`,
		f.users[0], f.users[1])
	native, bun := f.open(""), f.open("")
	bun.ThroughBun()
	all := store.Page{Size: 100}
	for _, viewer := range []int64{0, f.users[0], f.users[1]} {
		for name, read := range map[string]func(context.Context, *store.Store) (any, error){
			"feed": func(ctx context.Context, s *store.Store) (any, error) { return s.Posts(ctx, viewer, all) },
			"shared feed": func(ctx context.Context, s *store.Store) (any, error) {
				return s.SharedFeed(ctx, 0, viewer, all)
			},
			"timeline": func(ctx context.Context, s *store.Store) (any, error) {
				return s.Timeline(ctx, viewer, f.users[0], all)
			},
			"timeline of an ID": func(ctx context.Context, s *store.Store) (any, error) {
				return s.TimelineOf(ctx, viewer, "user.1", all)
			},
			"comments": func(ctx context.Context, s *store.Store) (any, error) {
				return s.Comments(ctx, viewer, 1, all)
			},
			"notifications": func(ctx context.Context, s *store.Store) (any, error) {
				return s.Notifications(ctx, max(viewer, f.users[0]), false, all)
			},
		} {
			want, err := read(t.Context(), bun)
			if err != nil {
				t.Fatal(err)
			}
			if items := reflect.ValueOf(want).FieldByName("Items"); items.Len() == 0 {
				t.Fatalf("%s of %d: no rows", name, viewer)
			}
			got, err := read(t.Context(), native)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s of %d: pgx reads\n%+v, %v; bun\n%+v", name, viewer, got, err, want)
			}
		}
	}
}
