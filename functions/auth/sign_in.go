package main

import (
	"context"
	"errors"
	"strings"

	"minifb/shared/api"
	"minifb/shared/rules"
	"minifb/shared/store"
)

type signInInput struct {
	UserAgent string `header:"User-Agent" doc:"Stored with the session, up to 512 code points" example:"minifb-demo/1"`
	Body      struct {
		ID       rules.ID       `json:"id"`
		Password rules.Password `json:"password"`
	}
}

func (v views) signIn(ctx context.Context, in *signInInput) (*tokensOutput, error) {
	session, refresh, err := v.openSession(ctx, in)
	if errors.Is(err, store.ErrCredentialChanged) {
		// Another sign-in may have replaced the hash by a new one of the same password. Check the
		// password against it.
		session, refresh, err = v.openSession(ctx, in)
	}
	return v.respond(session, refresh, err)
}

// openSession opens a session if the password is right. For an unknown ID it checks the password,
// too, so that the response takes the same time.
func (v views) openSession(ctx context.Context, in *signInInput) (session store.Session, refresh string, err error) {
	password := string(in.Body.Password)
	credential, err := v.store.CredentialByID(ctx, string(in.Body.ID))
	if err != nil {
		return session, "", err
	}
	ok, needsRehash, err := v.passwords.Verify(ctx, credential.Hash, password)
	if err != nil {
		return session, "", err
	}
	if !ok {
		return session, "", store.ErrSignIn
	}
	session, refresh, err = v.store.OpenSession(ctx, credential, storable(in.UserAgent))
	if err == nil && needsRehash {
		v.rehash(ctx, credential, password)
	}
	return session, refresh, err
}

// rehash replaces the hash by one with this process's iterations. The sign-in succeeds even if this
// fails.
func (v views) rehash(ctx context.Context, credential store.Credential, password string) {
	hash, err := v.passwords.Hash(ctx, password)
	if err == nil {
		err = v.store.Rehash(ctx, credential, hash)
	}
	if err != nil {
		api.Note(ctx, err)
	}
}

// storable returns a header as text that PostgreSQL accepts: in UTF-8 and without U+0000.
func storable(header string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(header, "\uFFFD"), "\x00", "\uFFFD")
}
