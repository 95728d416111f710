package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/uptrace/bun"

	"minifb/shared/apperror"
)

// A User is an account as its owner sees it.
type User struct {
	bun.BaseModel `bun:"table:users,alias:u"`

	UID          int64     `bun:",pk,autoincrement"` // internal; no response contains it
	ID           string    // matches IDPattern, in the case in which the user signed up
	PasswordHash string    // Werkzeug's format, at most 100 characters
	Name         string    // 2–16 code points
	Nickname     *string   // 1–30 code points
	Intro        *string   // 1–85 code points
	Email        *string   // at most 254 code points
	Role         string    `bun:",nullzero,default:'user'"` // user or admin
	CreatedAt    time.Time `bun:",nullzero"`
}

// A Person is the part of a user that other users see, beside a post, comment, reaction or
// notification.
type Person struct {
	ID       string
	Name     string
	Nickname *string
}

// IDPattern matches a user's ID. IDs that differ in case alone are the same.
var IDPattern = regexp.MustCompile(`^[A-Za-z0-9._~@+-]{4,50}$`)

var (
	errNoUser  = apperror.New(apperror.NotFound, "There is no such user; check the ID.")
	errAccount = apperror.New(apperror.BadToken,
		"The account of this token has been deleted; sign in with another account.")
	errTaken = apperror.New(apperror.Conflict, "id: is taken; choose another")
)

const (
	userColumns = `uid, id, name, nickname, intro, email, role, created_at`

	userByID = `
		SELECT ` + userColumns + ` FROM users WHERE lower(id) = lower($1) AND deleted_at IS NULL`
	uidByID = `
		SELECT uid FROM people WHERE lower(id) = lower($1) AND deleted_at IS NULL`
	userByUID = `
		SELECT ` + userColumns + ` FROM users WHERE uid = $1 AND deleted_at IS NULL`
	setNickname = `
		UPDATE users SET nickname = $2 WHERE uid = $1 AND deleted_at IS NULL RETURNING ` + userColumns
	setIntro = `
		UPDATE users SET intro = $2 WHERE uid = $1 AND deleted_at IS NULL RETURNING ` + userColumns
	setEmail = `
		UPDATE users SET email = $3 WHERE uid = $1 AND password_hash = $2 AND deleted_at IS NULL
		RETURNING ` + userColumns
)

// CreateUser stores a new account and sets the user's UID, Role and CreatedAt. It returns a
// Conflict error if the ID is taken.
func (s *Store) CreateUser(ctx context.Context, u *User) error {
	err := s.primary.one(ctx, u, `
		INSERT INTO users (id, password_hash, name, nickname, intro, email)
		VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (lower(id)) WHERE deleted_at IS NULL DO NOTHING
		RETURNING uid, role, created_at`, u.ID, u.PasswordHash, u.Name, u.Nickname, u.Intro, u.Email)
	if errors.Is(err, sql.ErrNoRows) {
		return errTaken
	}
	if err != nil {
		return fmt.Errorf("create user: %w", err)
	}
	return nil
}

// RequireFreeID returns a Conflict error if the ID is taken, in any case.
func (s *Store) RequireFreeID(ctx context.Context, id string) error {
	if !IDPattern.MatchString(id) {
		return nil
	}
	var taken bool
	err := s.primary.one(ctx, &taken, `
		SELECT EXISTS (SELECT FROM users WHERE lower(id) = lower($1) AND deleted_at IS NULL)`, id)
	if err != nil {
		return fmt.Errorf("look up ID: %w", err)
	}
	if taken {
		return errTaken
	}
	return nil
}

// UserByID returns the user with this ID, in any case, or a NotFound error.
func (s *Store) UserByID(ctx context.Context, id string) (u User, err error) {
	if !IDPattern.MatchString(id) {
		return u, errNoUser
	}
	err = s.hotReads.one(ctx, &u, userByID, id)
	if errors.Is(err, sql.ErrNoRows) {
		return u, errNoUser
	}
	if err != nil {
		return u, fmt.Errorf("read user: %w", err)
	}
	return u, nil
}

// UserUID returns the uid of the user with this ID, in any case, or a NotFound error.
func (s *Store) UserUID(ctx context.Context, id string) (uid int64, err error) {
	if !IDPattern.MatchString(id) {
		return 0, errNoUser
	}
	err = s.hotReads.one(ctx, &uid, uidByID, id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, errNoUser
	}
	if err != nil {
		return 0, fmt.Errorf("look up user: %w", err)
	}
	return uid, nil
}

// Viewer returns the viewer's own account, or a BadToken error if it has been deleted. It reads the
// primary, so that a new user can sign in at once.
func (s *Store) Viewer(ctx context.Context, uid int64) (u User, err error) {
	err = s.primary.one(ctx, &u, userByUID, uid)
	if errors.Is(err, sql.ErrNoRows) {
		return u, errAccount
	}
	if err != nil {
		return u, fmt.Errorf("read viewer: %w", err)
	}
	return u, nil
}

// SetNickname sets the viewer's nickname, or removes it if nickname is nil, and returns the changed
// account. It returns a BadToken error if the account has been deleted.
func (s *Store) SetNickname(ctx context.Context, uid int64, nickname *string) (u User, err error) {
	err = s.primary.one(ctx, &u, setNickname, uid, nickname)
	if errors.Is(err, sql.ErrNoRows) {
		return u, errAccount
	}
	if err != nil {
		return u, fmt.Errorf("set nickname: %w", err)
	}
	return u, nil
}

// SetIntro is SetNickname for the viewer's introduction.
func (s *Store) SetIntro(ctx context.Context, uid int64, intro *string) (u User, err error) {
	err = s.primary.one(ctx, &u, setIntro, uid, intro)
	if errors.Is(err, sql.ErrNoRows) {
		return u, errAccount
	}
	if err != nil {
		return u, fmt.Errorf("set introduction: %w", err)
	}
	return u, nil
}

// SetEmail sets the viewer's email address, or removes it if email is nil, and returns the changed
// account. It returns a Forbidden error if the password has changed since checked was checked.
func (s *Store) SetEmail(ctx context.Context, checked Credential, email *string) (u User, err error) {
	err = s.primary.one(ctx, &u, setEmail, checked.UID, checked.Hash, email)
	if errors.Is(err, sql.ErrNoRows) {
		return u, errCredentialChanged
	}
	if err != nil {
		return u, fmt.Errorf("set email: %w", err)
	}
	return u, nil
}
