package function

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/api"
	"minifb/shared/limit"
	"minifb/shared/password"
	"minifb/shared/store"
)

// rehearsalTimeout bounds the calls of all routes together. systemd gives a function 10 s to start.
const rehearsalTimeout = 8 * time.Second

// Rehearse calls each of the area's routes once, in a transaction that is rolled back, and returns their
// statuses by route, as "METHOD /path". The error names the routes whose status is 500 or above. The
// requests pass all checks but that of the token: they have an administrator as viewer, who exists only
// in that transaction. Nothing outside of the process can send such a request. What is called by a
// schedule is not rehearsed, as it sends mails.
func Rehearse(
	ctx context.Context, area string, routes Routes, d Deps, rules *limit.Rules, log *slog.Logger,
) (statuses map[string]int, err error) {
	if len(OpenAPI(area, routes).Paths) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, rehearsalTimeout)
	defer cancel()
	rehearsal, err := d.Store.Rehearse(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rehearsal.Close() }() // fails if the connection is lost, which ends the transaction too
	rows := rehearsal.Rows
	d.Store, d.Limits = rehearsal.Store, limit.New(rehearsal.Store, rules)
	d.Passwords = password.New(2) // fast, and another number than that of the viewer's hash
	handler := NewHandler(area, routes, d, Settings{
		Timeout: rehearsalTimeout, Origins: api.AllOrigins, Log: log.With("rehearsal", true),
	})
	ctx = api.WithViewer(ctx, rows.UserUID, rows.Session)

	statuses = map[string]int{}
	text := handler.API().OpenAPI()
	for _, operation := range operations(handler.API()) {
		route := operation.Method + " " + operation.Path
		path, body, exampleErr := api.Example(text, operation, func(name string) any {
			return rehearsalValue(rows, operation, name)
		})
		if exampleErr != nil {
			return statuses, exampleErr
		}
		response := &responseBuffer{header: http.Header{}}
		undoErr := rehearsal.Undo(ctx, func() {
			handler.ServeHTTP(response, rehearsalRequest(ctx, operation.Method, path, body))
		})
		statuses[route] = response.status
		if response.status >= http.StatusInternalServerError {
			err = errors.Join(err, fmt.Errorf("%s: %d %s", route, response.status, response.buffer().String()))
		}
		err = errors.Join(err, undoErr)
	}
	if err != nil {
		return statuses, fmt.Errorf("rehearsal: %w", err)
	}
	return statuses, nil
}

func rehearsalRequest(ctx context.Context, method, path string, body []byte) *http.Request {
	r, err := http.NewRequestWithContext(ctx, method, path, bytes.NewReader(body))
	if err != nil {
		panic(err) // the method or the path of a route is malformed
	}
	r.RequestURI, r.RemoteAddr = path, "192.0.2.1:1" // an address of nobody, for the limits
	r.Header.Set("Idempotency-Key", "rehearsal")
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// rehearsalValue returns the value of a parameter of the path, or of a property of the body, with which the
// operation works on the rows of a rehearsal; nil if its example will do.
func rehearsalValue(rows store.RehearsalRows, operation *huma.Operation, name string) any {
	route := operation.Method + " " + operation.Path
	switch name {
	case "password":
		return store.RehearsalPassword
	case "refresh_token":
		return rows.RefreshToken
	case "id":
	default:
		return nil
	}
	what, rest, _ := strings.Cut(strings.TrimPrefix(operation.Path, "/"), "/{id}")
	switch {
	case route == "POST /signup", what == "check/id":
		return rows.FreeID
	case what == "notification":
		return rows.Notification
	case what == "session":
		return rows.Session
	case what == "post":
		return choose(operation.Method, rest, rows.OwnPost, rows.ReactedPost, rows.OtherPost)
	case what == "comment":
		return choose(operation.Method, rest, rows.OwnComment, rows.ReactedComment, rows.OtherComment)
	default:
		return rows.UserID
	}
}

// choose returns what a route can work on: one's own to edit and to delete, one without a reaction to put
// one, and else one with a reaction.
func choose(method, rest string, own, reacted, other int64) int64 {
	switch {
	case rest == "" && (method == http.MethodPatch || method == http.MethodDelete):
		return own
	case method == http.MethodPut:
		return other
	default:
		return reacted
	}
}
