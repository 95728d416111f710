package store_test

import (
	"math"
	"testing"

	"minifb/shared/store"
)

// A replica refuses writes and row locks. So does a read-only session: every hot read must succeed
// in one.
func TestHotReadsOnAReadOnlyServer(t *testing.T) {
	t.Parallel()
	f := newFixture(t, 2)
	post := f.post(f.users[0])
	comment := f.comment(f.users[1], post)
	if _, _, err := f.store.PutPostReaction(t.Context(), f.users[1], post, 1); err != nil {
		t.Fatal(err)
	}
	ctx, s := t.Context(), f.open("&default_transaction_read_only=on")
	for _, list := range lists {
		_, err := list.read(ctx, s, store.Page{Size: 10})
		checkKey(t, list.name, "", err)
	}
	for method, err := range map[string]error{
		"Post":        second(s.Post(ctx, f.users[0], post)),
		"Comment":     second(s.Comment(ctx, f.users[0], comment)),
		"UserByID":    second(s.UserByID(ctx, "user.1")),
		"TimelineOf":  second(s.TimelineOf(ctx, f.users[0], "user.1", store.Page{Size: 10})),
		"UnreadCount": second(s.UnreadCount(ctx, f.users[0])),
	} {
		if err != nil {
			t.Errorf("%s: got %v, want no error", method, err)
		}
	}
	_, _, err := s.PutPostReaction(ctx, f.users[0], post, 1)
	if !store.IsOutage(err) {
		t.Errorf("PutPostReaction on a read-only server: got %v, want an outage", err)
	}

	// No method that writes uses hotReads.
	f.store.ReadOnly(s)
	key := idempotencyKey("k", "b")
	_, created, err := f.store.PutPostReaction(ctx, f.users[0], post, 1)
	for method, err := range map[string]error{
		"PutPostReaction":    err,
		"CancelPostReaction": f.store.CancelPostReaction(ctx, f.users[1], post),
		"CreatePost":         second(f.store.CreatePost(ctx, newPost(f.users[0], "post"), key, encodePost)),
		"AddComment":         second(addComment(ctx, f.store, f.users[0], post, "comment")),
		"EditOwnPost":        second(f.store.EditOwnPost(ctx, f.users[0], post, nil, "edited")),
		"EditOwnComment":     second(f.store.EditOwnComment(ctx, f.users[1], comment, nil, "edited")),
		"ReadUpTo":           second(f.store.ReadUpTo(ctx, f.users[0], math.MaxInt64)),
		"SetNickname":        second(f.store.SetNickname(ctx, f.users[0], nil)),
		"GrantAdministrator": second(f.store.GrantAdministrator(ctx, "user.1")),
		"DeleteOwnComment":   f.store.DeleteOwnComment(ctx, f.users[1], comment, nil),
		"DeleteAccount":      f.store.DeleteAccount(ctx, f.credential(f.users[1])),
		"Sweep":              f.store.Sweep(ctx),
	} {
		if err != nil {
			t.Errorf("%s with hot reads on a read-only server: got %v, want no error", method, err)
		}
	}
	if !created {
		t.Error("PutPostReaction: not created")
	}
}
