package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"minifb/shared/testkit/client"
	"minifb/shared/token"
)

// viewers returns the users who send the requests, with their sessions.
func (d *database) viewers(ctx context.Context) (viewers []token.Claims, err error) {
	rows, err := d.db.QueryContext(ctx, `SELECT user_uid, id FROM sessions ORDER BY user_uid`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c token.Claims
		if err := rows.Scan(&c.UserUID, &c.SessionID); err != nil {
			return nil, err
		}
		viewers = append(viewers, c)
	}
	return viewers, rows.Err()
}

// try sends each of the row's requests once, and says what is wrong with a response: wrk looks at their statuses alone.
func (b *bench) try(ctx context.Context, r row, url string) (invalid string) {
	c := client.New(url, 1)
	defer c.Close()
	fill := strings.NewReplacer("{post}", strconv.Itoa(b.size.Posts/3),
		"{user}", strconv.Itoa(b.size.writerStep()), "{type}", "1")
	request := client.Request{Method: r.method}
	if r.signed {
		var err error
		if request.Token, err = b.bundle.Signer.Sign(b.viewers[0]); err != nil {
			return err.Error()
		}
	}
	if r.body != "" {
		request.Body = json.RawMessage(fill.Replace(r.body))
	}
	for i, path := range r.paths {
		request.Path = fill.Replace(path)
		response, err := c.Do(ctx, request)
		if err != nil {
			return err.Error()
		}
		if response.Status >= http.StatusMultipleChoices {
			return fmt.Sprintf("not 2xx: %s returns %d: %s", request, response.Status, response.Hint())
		}
		var list struct{ Items []json.RawMessage }
		if i > 0 || r.items == 0 {
			continue
		}
		if err := json.Unmarshal(response.Body, &list); err != nil || len(list.Items) != r.items {
			return fmt.Sprintf("%s returns %d items, not %d", request, len(list.Items), r.items)
		}
	}
	return ""
}
