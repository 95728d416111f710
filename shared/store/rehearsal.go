package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
)

// A Rehearsal is a transaction in which a release calls its routes before it serves, with rows to call
// them on. The database refuses to commit it, so that nothing of it remains, and nobody sees any of it.
// It is for one caller at a time.
type Rehearsal struct {
	Store *Store // runs in the transaction
	Rows  RehearsalRows
	tx    bun.Tx
}

// RehearsalRows name what a rehearsal works on.
type RehearsalRows struct {
	UserUID int64  // of an administrator, the viewer
	UserID  string // the viewer's ID
	FreeID  string // an ID that nobody has
	Session string // the viewer's session

	RefreshToken string // of that session

	Notification                             int64
	OwnPost, ReactedPost, OtherPost          int64 // the viewer's, and two of another user; the viewer reacts to one
	OwnComment, ReactedComment, OtherComment int64
}

// RehearsalPassword is the password of the viewer of a rehearsal. Its hash is part of migration 0007. It
// is worth nothing, as no account outside of a rehearsal has it.
const RehearsalPassword = "correct horse battery staple"

// Rehearse begins a rehearsal. Close ends it.
func (s *Store) Rehearse(ctx context.Context) (*Rehearsal, error) {
	tx, inTx, err := s.rehearse(ctx)
	if err != nil {
		return nil, fmt.Errorf("begin a rehearsal: %w", err)
	}
	r := &Rehearsal{Store: inTx, tx: tx}
	err = inTx.primary.one(ctx, &r.Rows, `
		SELECT user_uid, user_id, free_id, session, refresh_token, notification,
			own_post, reacted_post, other_post, own_comment, reacted_comment, other_comment FROM rehearse()`)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("begin a rehearsal: %w", err), r.Close())
	}
	return r, nil
}

var errUndo = errors.New("undo")

// Undo calls f and takes back what f has done in the rehearsal, so that the next call finds the same
// rows.
func (r *Rehearsal) Undo(ctx context.Context, f func()) error {
	err := r.Store.inTx(ctx, func(context.Context, transaction) error {
		f()
		return errUndo
	})
	if errors.Is(err, errUndo) {
		return nil
	}
	return fmt.Errorf("undo a step of a rehearsal: %w", err)
}

// Close ends the rehearsal and takes everything back.
func (r *Rehearsal) Close() error { return r.tx.Rollback() }
