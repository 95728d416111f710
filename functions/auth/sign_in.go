package main

import (
	"context"
	"errors"
	"strings"

	"minifb/shared/api"
	"minifb/shared/limit"
	"minifb/shared/password"
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
	if err := v.limits.SignIn(ctx, api.ClientAddress(ctx), string(in.Body.ID)); err != nil {
		return nil, err
	}
	session, refresh, err := v.openSession(ctx, in)
	if errors.Is(err, store.ErrCredentialChanged) {
		// Another sign-in may have replaced the hash by a new one of the same password. Check the
		// password against it.
		session, refresh, err = v.openSession(ctx, in)
	}
	return v.respond(session, refresh, err)
}

// openSession opens a session if the password is right, and a restricted one if it is the temporary
// password. It does the same work for an unknown ID, for a wrong password and for a temporary one,
// so that all take the same time.
func (v views) openSession(ctx context.Context, in *signInInput) (session store.Session, refresh string, err error) {
	plain, userAgent := string(in.Body.Password), storable(in.UserAgent)
	credential, err := v.store.CredentialByID(ctx, string(in.Body.ID))
	if err != nil {
		return session, "", err
	}
	from := limit.Requester(api.ClientAddress(ctx), string(in.Body.ID))
	ok, needsRehash, err := v.passwords.Verify(ctx, from, credential.Hash, plain)
	temporary := credential.IsTemporary(plain)
	switch {
	case err != nil:
		return session, "", err
	case ok:
		session, refresh, err = v.store.OpenSession(ctx, credential, userAgent)
	case temporary:
		return v.store.OpenRestrictedSession(ctx, credential, userAgent)
	default:
		return session, "", store.ErrSignIn
	}
	if err == nil && needsRehash {
		v.rehash(ctx, from, credential, plain)
	}
	return session, refresh, err
}

// rehash replaces the hash by one with this process's iterations. The sign-in succeeds even if this
// fails.
func (v views) rehash(ctx context.Context, from password.Requester, credential store.Credential, plain string) {
	hash, err := v.passwords.Hash(ctx, from, plain)
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
