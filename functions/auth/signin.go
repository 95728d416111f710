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
	UserAgent string `header:"User-Agent" doc:"Kept with the session, up to 512 code points" example:"minifb-demo/1"`
	Body      struct {
		ID       rules.ID       `json:"id"`
		Password rules.Password `json:"password"`
	}
}

func (v views) signIn(ctx context.Context, in *signInInput) (*tokensOutput, error) {
	session, refresh, err := v.open(ctx, in)
	if errors.Is(err, store.ErrCredentialChanged) {
		// Perhaps another sign-in has only made the hash anew: check what stands now.
		session, refresh, err = v.open(ctx, in)
	}
	return v.tokens(session, refresh, err)
}

// open opens a session if the password is right. An unknown ID costs a check too, so that it takes as long.
func (v views) open(ctx context.Context, in *signInInput) (session store.Session, refresh string, err error) {
	password := string(in.Body.Password)
	credential, err := v.store.CredentialByID(ctx, string(in.Body.ID))
	if err != nil {
		return session, "", err
	}
	ok, stale, err := v.passwords.Verify(ctx, credential.Hash, password)
	if err != nil {
		return session, "", err
	}
	if !ok {
		return session, "", store.ErrSignIn
	}
	session, refresh, err = v.store.OpenSession(ctx, credential, storable(in.UserAgent))
	if err == nil && stale {
		v.rehash(ctx, credential, password)
	}
	return session, refresh, err
}

// rehash stores a hash of this process's own cost. The session stands whether it succeeds or not.
func (v views) rehash(ctx context.Context, checked store.Credential, password string) {
	hash, err := v.passwords.Hash(ctx, password)
	if err == nil {
		err = v.store.Rehash(ctx, checked, hash)
	}
	if err != nil {
		api.Note(ctx, err)
	}
}

// storable makes of a header's bytes what PostgreSQL takes as text.
func storable(header string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(header, "\uFFFD"), "\x00", "\uFFFD")
}
