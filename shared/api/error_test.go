package api

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/apperror"
)

// Every kind of failure has a status, and each status its text.
func TestRefuse(t *testing.T) {
	t.Parallel()
	for code := apperror.Invalid; code <= apperror.Unavailable; code++ {
		e := (&API{}).refuse(t.Context(), fmt.Errorf("deep: %w", apperror.New(code, "mend it")))
		if e.status < 400 || e.Result != http.StatusText(e.status) || e.Result == "" || e.Hint != "mend it" {
			t.Errorf("code %d: %+v", code, e)
		}
	}
}

// TestRefuseUnforeseen tells what an error that is no fault becomes, while the request lives and after.
func TestRefuseUnforeseen(t *testing.T) {
	t.Parallel()
	expired, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	left, leave := context.WithCancel(t.Context())
	leave()
	for name, test := range map[string]struct {
		ctx  context.Context
		err  error
		want int
	}{
		"a bug":                                    {t.Context(), errors.New("bug"), 500},
		"a lost database":                          {t.Context(), fmt.Errorf("read: %w", driver.ErrBadConn), 503},
		"a limit within the request's":             {t.Context(), fmt.Errorf("read: %w", context.DeadlineExceeded), 504},
		"the request's limit":                      {expired, fmt.Errorf("read: %w", context.DeadlineExceeded), 504},
		"a query cut off by the request's limit":   {expired, fmt.Errorf("read: %w", driver.ErrBadConn), 504},
		"the caller is gone":                       {left, fmt.Errorf("read: %w", context.Canceled), 503},
		"a query cut off as the caller is gone":    {left, errors.New("sql: transaction has already been committed or rolled back"), 503},
		"a fault stands, whatever time it is":      {expired, apperror.New(apperror.NotFound, "none"), 404},
		"a view's own status is nobody's business": {t.Context(), huma.Error418Teapot("tea"), 500},
	} {
		exchange := &Exchange{}
		e := (&API{}).refuse(WithExchange(test.ctx, exchange), test.err)
		if e.status != test.want {
			t.Errorf("%s: %d, want %d", name, e.status, test.want)
		}
		if test.want >= 500 && !errors.Is(exchange.Err, test.err) {
			t.Errorf("%s: the log gets %v", name, exchange.Err)
		}
	}
}

// What huma itself words never quotes the value.
func TestFormatsHintHidesTheValue(t *testing.T) {
	t.Parallel()
	registry := huma.NewMapRegistry("#/", huma.DefaultSchemaNamer)
	for _, format := range []string{"email", "uri", "uri-template", "uuid", "duration", "regex", "date-time", "ipv4", "json-pointer", "hostname"} {
		for _, value := range []string{"geheim <", "a@geheim, b@geheim", "geheim:%zz", "urn:geheim:e7a6b9c0-0000-4000-8000-00000000000", "(geheim", "\x00geheim"} {
			result := huma.ValidateResult{}
			huma.Validate(registry, &huma.Schema{Type: huma.TypeString, Format: format}, huma.NewPathBuffer([]byte("body.x"), 6), huma.ModeWriteToServer, value, &result)
			for _, err := range result.Errors {
				hint := huma.NewError(422, "", err).Error()
				if strings.Contains(hint, "geheim") || strings.Contains(hint, "%!") || !strings.HasPrefix(hint, "x: expected") {
					t.Errorf("%s: %s", format, hint)
				}
			}
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
		if got := NewError(http.StatusInternalServerError, given).Hint; got != want {
			t.Errorf("%q is shown as %q, want %q", given, got, want)
		}
	}
}

// A route that does not say who may call it must not start to serve.
func TestRegisterWantsSecurity(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("the route was taken")
		}
	}()
	Register(New(Options{}), huma.Operation{Method: http.MethodGet, Path: "/x"}, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
}

// The OpenAPI text names 422 only where the contract does.
func TestNo422(t *testing.T) {
	t.Parallel()
	a := New(Options{})
	view := func(context.Context, *struct{ Body struct{} }) (*struct{}, error) { return nil, nil }
	Register(a, huma.Operation{Method: http.MethodPost, Path: "/x", Security: Public, Errors: []int{400}}, view)
	Register(a, huma.Operation{Method: http.MethodPut, Path: "/x", Security: Public, Errors: []int{400, 422}}, view)
	item := a.OpenAPI().Paths["/x"]
	if item.Post.Responses["422"] != nil || item.Put.Responses["422"] == nil {
		t.Errorf("POST: %v, PUT: %v", item.Post.Responses["422"], item.Put.Responses["422"])
	}
}
