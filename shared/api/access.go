package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"minifb/shared/apperror"
	"minifb/shared/token"
)

// An Access says who may call a route. The check and the OpenAPI text both follow from it.
type Access int

// The kinds of access. The zero value is none of them, so that a route without one cannot be
// registered.
const (
	Public         Access = iota + 1 // anyone; a token is not read
	Optional                         // anyone; a token, if sent, must be valid
	SignedIn                         // a user with a valid token
	Administrator                    // a user with a valid token who is an administrator at the time of the request
	PasswordChange                   // like SignedIn, and in a session that may do nothing else
)

const (
	bearer      = "bearer" // the name of the security scheme in the OpenAPI text
	metadataKey = "access" // the key of a route's Access in its operation's metadata
)

// AccessOf returns the access with which an operation was registered.
func AccessOf(op *huma.Operation) Access {
	access, _ := op.Metadata[metadataKey].(Access)
	return access
}

// NeedsToken reports whether a request without a token is refused.
func (a Access) NeedsToken() bool { return a == SignedIn || a == Administrator || a == PasswordChange }

// security returns the access as OpenAPI writes it.
func (a Access) security() []map[string][]string {
	switch a {
	case Administrator:
		return []map[string][]string{{bearer: {"admin"}}} // the role
	case SignedIn, PasswordChange:
		return []map[string][]string{{bearer: {}}}
	case Optional:
		return []map[string][]string{{}, {bearer: {}}}
	}
	return []map[string][]string{}
}

// errors returns the statuses with which the check may refuse a request.
func (a Access) errors() []int {
	switch a {
	case Optional, SignedIn, Administrator:
		return []int{http.StatusUnauthorized, http.StatusForbidden}
	case PasswordChange:
		return []int{http.StatusUnauthorized}
	}
	return nil
}

// A viewer is the user of a request, and the session that its token belongs to. The zero value is
// no user.
type viewer struct {
	uid     int64
	session string
	// restricted says that the session could only change the password when the token was issued.
	restricted bool
}

type viewerKey struct{}

// WithViewer returns a context in which this user has signed in, whatever token a request sends. It is for a
// rehearsal, whose requests come from the function itself: no request from outside has such a context.
func WithViewer(ctx context.Context, uid int64, session string) context.Context {
	return context.WithValue(ctx, viewerKey{}, viewer{uid: uid, session: session})
}

// Viewer returns the uid of the signed-in user. It is 0, which no user has, if the token is
// optional and none was sent.
func Viewer(ctx context.Context) int64 {
	v, _ := ctx.Value(viewerKey{}).(viewer)
	return v.uid
}

// Session returns the id of the viewer's session, a UUID.
func Session(ctx context.Context) string {
	v, _ := ctx.Value(viewerKey{}).(viewer)
	return v.session
}

// checkAccess refuses a request whose client may not call the route, and puts the viewer into the
// context of the others.
func (a *API) checkAccess(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	v, err := a.authorize(ctx.Context(), r.Header, AccessOf(ctx.Operation()))
	if err != nil {
		Write(w, a.refuse(ctx.Context(), err))
		return
	}
	next(huma.WithValue(ctx, viewerKey{}, v))
}

// authorize returns the viewer of a request with this header, or an application error if the access
// does not allow it.
func (a *API) authorize(ctx context.Context, header http.Header, access Access) (viewer, error) {
	if access == Public {
		return viewer{}, nil
	}
	v, rehearsed := ctx.Value(viewerKey{}).(viewer)
	if _, sent := header["Authorization"]; !sent && !rehearsed {
		if access.NeedsToken() {
			return viewer{}, errNoToken
		}
		return viewer{}, nil
	}
	var err error
	if !rehearsed {
		v, err = a.verify(ctx, header.Get("Authorization"))
	}
	if err == nil && v.restricted && access != PasswordChange {
		err = a.store.RequireFullSession(ctx, v.session)
	}
	if err == nil && access == Administrator {
		err = a.store.RequireAdministrator(ctx, v.uid)
	}
	return v, err
}

var (
	errNoToken = apperror.New(apperror.Unauthorized,
		"Sign in: send the access token of POST /auth as 'Authorization: Bearer …'.")
	errNoBearer = apperror.New(apperror.BadToken,
		"Authorization: must be 'Bearer' and the access token of POST /auth.")
)

// badTokenHint returns the hint of a token that the verifier refuses.
func badTokenHint(err error) string {
	if errors.Is(err, token.ErrExpired) {
		return "The access token has expired; get another from POST /refresh."
	}
	return "The access token is not valid; get another from POST /refresh or POST /auth."
}

// verify returns the viewer whom an Authorization header's token names, if the token is valid and
// its session is not revoked.
func (a *API) verify(ctx context.Context, authorization string) (viewer, error) {
	scheme, encoded, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return viewer{}, errNoBearer
	}
	claims, err := a.tokens.Verify(strings.TrimLeft(encoded, " "))
	if errors.Is(err, token.ErrNoKeys) {
		return viewer{}, apperror.Wrap(apperror.Unavailable, err,
			"Access tokens cannot be checked just now; try again in a moment.")
	}
	if err != nil {
		return viewer{}, apperror.Wrap(apperror.BadToken, err, "%s", badTokenHint(err))
	}
	if err := a.revoked.Check(ctx, claims.SessionID); err != nil {
		return viewer{}, fmt.Errorf("check session: %w", err)
	}
	return viewer{claims.UserUID, claims.SessionID, claims.MustChangePassword}, nil
}
