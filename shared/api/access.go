package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"minifb/shared/apperror"
)

// Who may call a route, as OpenAPI writes it.
var (
	Public   = []map[string][]string{}                    // a token is ignored
	Optional = []map[string][]string{{}, {"bearer": nil}} // without a token, or with a good one
	SignedIn = []map[string][]string{{"bearer": nil}}
)

type viewerKey struct{}

type viewer struct {
	uid     int64
	session string
}

// Viewer is the uid of the user who calls; 0, which nobody has, where a token is optional and none was sent.
func Viewer(ctx context.Context) int64 {
	v, _ := ctx.Value(viewerKey{}).(viewer)
	return v.uid
}

// Session is the id of the caller's session, a UUID.
func Session(ctx context.Context) string {
	v, _ := ctx.Value(viewerKey{}).(viewer)
	return v.session
}

// checkToken lets through who may call, with the viewer in the context. A bad token is refused also where none is needed.
func (a *API) checkToken(ctx huma.Context, next func(huma.Context)) {
	security := ctx.Operation().Security
	if len(security) == 0 {
		next(ctx)
		return
	}
	r, _ := humago.Unwrap(ctx)
	if _, sent := r.Header["Authorization"]; !sent {
		if len(security[0]) == 0 {
			next(ctx)
			return
		}
		a.deny(ctx, apperror.New(apperror.Unauthorized, "Sign in: send the access token of POST /auth as 'Authorization: Bearer …'."))
		return
	}
	v, err := a.viewer(ctx.Context(), r.Header.Get("Authorization"))
	if err != nil {
		a.deny(ctx, err)
		return
	}
	next(huma.WithValue(ctx, viewerKey{}, v))
}

func (a *API) viewer(ctx context.Context, authorization string) (viewer, error) {
	scheme, encoded, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return viewer{}, apperror.New(apperror.BadToken, "Authorization: must be 'Bearer' and the access token of POST /auth.")
	}
	claims, err := a.tokens.Verify(strings.TrimLeft(encoded, " "))
	if err != nil {
		return viewer{}, apperror.Wrap(apperror.BadToken, err, "The access token is not good, or no longer; get another from POST /refresh or POST /auth.")
	}
	if err := a.revoked.Check(ctx, claims.SessionID); err != nil {
		return viewer{}, fmt.Errorf("check session: %w", err)
	}
	return viewer{claims.UserUID, claims.SessionID}, nil
}

// deny answers an error from before the view.
func (a *API) deny(ctx huma.Context, err error) {
	e := a.refuse(ctx.Context(), err)
	for name, values := range e.header {
		ctx.SetHeader(name, values[0])
	}
	huma.WriteErr(a, ctx, e.status, e.Hint)
}
