package api

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/jackc/pgx/v5/pgconn"

	"minifb/shared/apperror"
	"minifb/shared/token"
)

func TestEveryCodeHasAStatus(t *testing.T) {
	t.Parallel()
	for code := apperror.Invalid; code <= apperror.Unavailable; code++ {
		err := fmt.Errorf("deep: %w", apperror.New(code, "the hint"))
		e := (&API{}).refuse(t.Context(), err)
		if e.status < 400 || e.Result != http.StatusText(e.status) || e.Result == "" || e.Hint != "the hint" {
			t.Errorf("code %d: %+v", code, e)
		}
	}
}

func TestRefuseUnforeseenError(t *testing.T) {
	t.Parallel()
	expired, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	canceled, leave := context.WithCancel(t.Context())
	leave()
	finished := errors.New("sql: transaction has already been committed or rolled back")
	for name, test := range map[string]struct {
		ctx  context.Context
		err  error
		want int
	}{
		"a bug":                        {t.Context(), errors.New("bug"), 500},
		"a lost database":              {t.Context(), fmt.Errorf("read: %w", driver.ErrBadConn), 503},
		"a limit within the request's": {t.Context(), fmt.Errorf("read: %w", context.DeadlineExceeded), 504},
		"the request's limit":          {expired, fmt.Errorf("read: %w", context.DeadlineExceeded), 504},
		"a query cut off by the limit": {expired, fmt.Errorf("read: %w", driver.ErrBadConn), 504},
		"the client has gone":          {canceled, fmt.Errorf("read: %w", context.Canceled), 503},
		"a query cut off by that":      {canceled, finished, 503},
		"an application error in time": {t.Context(), apperror.New(apperror.NotFound, "none"), 404},
		"an application error after the limit": {
			expired, apperror.New(apperror.NotFound, "none"), 404,
		},
		"a status that a view made with huma": {t.Context(), huma.Error418Teapot("tea"), 500},
	} {
		exchange := &Exchange{}
		e := (&API{}).refuse(WithExchange(test.ctx, exchange), test.err)
		if e.status != test.want {
			t.Errorf("%s: status %d, want %d", name, e.status, test.want)
		}
		if test.want >= 500 && !errors.Is(exchange.Err, test.err) {
			t.Errorf("%s: the log gets %v", name, exchange.Err)
		}
	}
}

// The hint to a write that failed says whether it may have been carried out all the same.
func TestHintOfAFailedWrite(t *testing.T) {
	t.Parallel()
	expired, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	const unknown = "its outcome is not known"
	for name, test := range map[string]struct {
		ctx         context.Context
		err         error
		read, write string // of the hint
	}{
		"no connection":      {t.Context(), &pgconn.ConnectError{}, "try again", "try again"},
		"nothing was sent":   {t.Context(), driver.ErrBadConn, "try again", "try again"},
		"a full disk":        {t.Context(), &pgconn.PgError{Code: "53100"}, "try again", "Nothing was stored"},
		"a lost connection":  {t.Context(), io.ErrUnexpectedEOF, "try again", unknown},
		"a crash":            {t.Context(), &pgconn.PgError{Code: "57P02"}, "try again", unknown},
		"the time limit":     {expired, context.DeadlineExceeded, "try again", unknown},
		"a limit within it":  {t.Context(), context.DeadlineExceeded, "try again", unknown},
		"lost at that limit": {expired, io.ErrUnexpectedEOF, "try again", unknown},
	} {
		for request, want := range map[string]string{
			"GET /post": test.read, "HEAD /post": test.read, "POST /post": test.write, "DELETE /post/1": test.write,
			"PATCH /post/1": test.write, "PUT /post/1/reaction": test.write,
		} {
			ctx := WithExchange(test.ctx, &Exchange{MethodAndPath: request})
			hint := (&API{}).refuse(ctx, fmt.Errorf("write: %w", test.err)).Hint
			if !strings.Contains(hint, want) || strings.Contains(hint, "Idempotency-Key") != (want == unknown) {
				t.Errorf("%s: %s: the hint is %q, want %q", name, request, hint, want)
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  apperror.Error
		want string
	}{
		"503 by default":      {apperror.Error{Code: apperror.Unavailable}, "1"},
		"503 after some time": {apperror.Error{Code: apperror.Unavailable, RetryAfter: time.Minute}, "60"},
		"429 by default":      {apperror.Error{Code: apperror.TooManyRequests}, "1"},
		"429 after a part of second": {
			apperror.Error{Code: apperror.TooManyRequests, RetryAfter: time.Millisecond}, "1",
		},
		"429, rounded up": {
			apperror.Error{Code: apperror.TooManyRequests, RetryAfter: 90*time.Second + 1}, "91",
		},
		"404 has no such header": {apperror.Error{Code: apperror.NotFound, RetryAfter: time.Minute}, ""},
	} {
		recorder := httptest.NewRecorder()
		Write(recorder, (&API{}).refuse(t.Context(), &test.err))
		if got := recorder.Header().Get("Retry-After"); got != test.want {
			t.Errorf("%s: Retry-After is %q, want %q", name, got, test.want)
		}
	}
}

func TestExpiredTokenIsCalledExpired(t *testing.T) {
	t.Parallel()
	expired, invalid := badTokenHint(fmt.Errorf("wrapped: %w", token.ErrExpired)), badTokenHint(token.ErrInvalid)
	if !strings.Contains(expired, "has expired") || strings.Contains(invalid, "expired") {
		t.Errorf("an expired token: %q; an invalid one: %q", expired, invalid)
	}
}

// huma's own messages must not quote the value.
func TestFormatHintHidesTheValue(t *testing.T) {
	t.Parallel()
	registry := huma.NewMapRegistry("#/", huma.DefaultSchemaNamer)
	for _, format := range []string{
		"email", "uri", "uri-template", "uuid", "duration", "regex", "date-time", "ipv4", "json-pointer", "hostname",
	} {
		for _, value := range []string{
			"geheim <", "a@geheim, b@geheim", "geheim:%zz", "urn:geheim:e7a6b9c0-0000-4000-8000-00000000000", "(geheim",
			"\x00geheim",
		} {
			schema, path := &huma.Schema{Type: huma.TypeString, Format: format}, huma.NewPathBuffer([]byte("body.x"), 6)
			result := huma.ValidateResult{}
			huma.Validate(registry, schema, path, huma.ModeWriteToServer, value, &result)
			for _, err := range result.Errors {
				hint := huma.NewError(422, "", err).Error()
				if strings.Contains(hint, "geheim") || strings.Contains(hint, "%!") ||
					!strings.HasPrefix(hint, "x: expected") {
					t.Errorf("%s: %s", format, hint)
				}
			}
		}
	}
}

// huma would use 422 and other statuses for some of these.
func TestHumaDecidesNoStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 406, 413, 415, 422} {
		if e := huma.NewError(status, "50% is no size"); e.GetStatus() != 400 || e.Error() != "50% is no size" {
			t.Errorf("huma's %d became %d: %s", status, e.GetStatus(), e.Error())
		}
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"dial postgres://u:geheim@db:5432/x?sslmode=off: refused": "dial postgres://… refused",
		"password=geheim host=db":                                 "password=… host=db",
		"PGPASSWORD = 'geheim' host=db":                           "PGPASSWORD = … host=db",
		`{"new_password":"geheim"}`:                               `{"new_password":…`,
		`{Password:geheim}`:                                       `{Password:…`,
		"bad eyJhbGciOi.eyJzdWIi.c2ln here":                       "bad … here",
		"read the token: unexpected end":                          "read the token: unexpected end",
		"insert refresh_tokens: ERROR: no":                        "insert refresh_tokens: ERROR: no",
		"nothing to hide (SQLSTATE 22P02)":                        "nothing to hide (SQLSTATE 22P02)",
	} {
		if got := Failed.With(given).Hint; got != want {
			t.Errorf("%q is shown as %q, want %q", given, got, want)
		}
	}
}
