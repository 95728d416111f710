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

	UID          int64     `bun:",pk,autoincrement"` // inside; never shown
	ID           string    // 4–50 of IDPattern's characters, as signed up
	PasswordHash string    // Werkzeug's format, at most 100 characters
	Name         string    // 2–16 code points
	Nickname     *string   // 1–30 code points
	Intro        *string   // 1–85 code points
	Email        *string   // at most 254 code points
	Role         string    `bun:",nullzero,default:'user'"` // user or admin
	CreatedAt    time.Time `bun:",nullzero"`
}

// A Person is what others see of a user beside what that user made.
type Person struct {
	ID       string
	Name     string
	Nickname *string
}

// IDPattern is what a user's ID looks like. Its letters' case matters to the eye alone.
var IDPattern = regexp.MustCompile(`^[A-Za-z0-9._~@+-]{4,50}$`)

var (
	errNoUser  = apperror.New(apperror.NotFound, "There is no such user; check the ID.")
	errAccount = apperror.New(apperror.BadToken, "The account of this token is gone; sign in with another.")
)

const userColumns = "uid, id, name, nickname, intro, email, role, created_at"

// CreateUser stores a new account and fills in its UID, Role and CreatedAt. A taken ID is a Conflict.
func (s *Store) CreateUser(ctx context.Context, u *User) error {
	err := s.db.NewRaw(`
		INSERT INTO users (id, password_hash, name, nickname, intro, email)
		VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (lower(id)) WHERE deleted_at IS NULL DO NOTHING
		RETURNING uid, role, created_at`, u.ID, u.PasswordHash, u.Name, u.Nickname, u.Intro, u.Email).
		Scan(ctx, &u.UID, &u.Role, &u.CreatedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return errTaken
	}
	if err != nil {
		return fmt.Errorf("create user: %w", err)
	}
	return nil
}

var errTaken = apperror.New(apperror.Conflict, "id: is taken; choose another")

// RequireFreeID answers a Conflict where the ID is taken, in whatever case.
func (s *Store) RequireFreeID(ctx context.Context, id string) error {
	_, err := s.UserByID(ctx, id)
	if f, ok := apperror.From(err); ok && f.Code == apperror.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return errTaken
}

// UserByID finds a user by ID, in whatever case; NotFound where there is none.
func (s *Store) UserByID(ctx context.Context, id string) (User, error) {
	if !IDPattern.MatchString(id) {
		return User{}, errNoUser
	}
	return s.user(ctx, errNoUser, "lower(u.id) = lower(?)", id)
}

// Viewer finds the caller's own account; BadToken where it is gone.
func (s *Store) Viewer(ctx context.Context, uid int64) (User, error) {
	return s.user(ctx, errAccount, "u.uid = ?", uid)
}

func (s *Store) user(ctx context.Context, missing error, where string, arg any) (User, error) {
	var u User
	err := s.db.NewSelect().Model(&u).ColumnExpr(userColumns).Where(where, arg).Where("u.deleted_at IS NULL").Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return u, missing
	}
	if err != nil {
		return u, fmt.Errorf("read user: %w", err)
	}
	return u, nil
}

// SetNickname changes or, with nil, removes the caller's nickname.
func (s *Store) SetNickname(ctx context.Context, uid int64, nickname *string) (User, error) {
	return s.setUser(ctx, "nickname = ?", nickname, errAccount, "uid = ?", uid)
}

// SetIntro changes or, with nil, removes the caller's introduction.
func (s *Store) SetIntro(ctx context.Context, uid int64, intro *string) (User, error) {
	return s.setUser(ctx, "intro = ?", intro, errAccount, "uid = ?", uid)
}

// SetEmail changes or, with nil, removes the address of the caller, whose password was checked. Where the password has
// changed since the check, the answer is Forbidden.
func (s *Store) SetEmail(ctx context.Context, checked Credential, email *string) (User, error) {
	return s.setUser(ctx, "email = ?", email, errCredentialChanged, "uid = ? AND password_hash = ?", checked.UID, checked.Hash)
}

func (s *Store) setUser(ctx context.Context, set string, value *string, missing error, where string, args ...any) (User, error) {
	var u User
	err := s.db.NewUpdate().Model(&u).Set(set, value).Where(where, args...).Where("deleted_at IS NULL").
		Returning(userColumns).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return u, missing
	}
	if err != nil {
		return u, fmt.Errorf("change user: %w", err)
	}
	return u, nil
}
