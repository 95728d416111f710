package trial

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver called pgx
)

// Writes counts what the database has of the writes of a record.
type Writes struct {
	Acknowledged int
	Lost         int // acknowledged, but not stored
	Doubled      int // stored more than once
	Denied       int // stored, although the response says that nothing was
	Unresolved   int // writes with a key that were never acknowledged
}

// Compare counts the writes; stored is how often the database has each, by its first word.
func (rec *Record) Compare(stored map[string]int) (n Writes) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	for word, w := range rec.writes {
		if w.acknowledged > 0 {
			n.Acknowledged++
			if stored[word] == 0 {
				n.Lost++
			}
		}
		if stored[word] > 1 {
			n.Doubled++
		}
		if w.refused && stored[word] > 0 {
			n.Denied++
		}
		if w.keyed && w.acknowledged == 0 {
			n.Unresolved++
		}
	}
	return n
}

// Broken returns the promises that were broken.
func (n Writes) Broken() (broken []string) {
	for _, c := range []struct {
		n      int
		format string
	}{
		{n.Lost, "%d acknowledged writes were lost"},
		{n.Doubled, "%d writes were stored twice"},
		{n.Denied, "%d writes were stored, although their responses say that nothing was"},
		{n.Unresolved, "%d writes with an Idempotency-Key never succeeded"},
	} {
		if c.n > 0 {
			broken = append(broken, fmt.Sprintf(c.format, c.n))
		}
	}
	return broken
}

// storedQuery returns a JSON object: how often the database has a post with each first word that begins with $1.
const storedQuery = `SELECT coalesce(json_object_agg(word, n), '{}')::text FROM (
	SELECT split_part(content, ' ', 1) AS word, count(*) AS n FROM posts WHERE starts_with(content, $1) GROUP BY 1
) stored`

// Stored returns how often the database with this URL has each post whose first word begins with the prefix.
func Stored(ctx context.Context, url, prefix string) (counts map[string]int, err error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var text []byte
	if err := db.QueryRowContext(ctx, storedQuery, prefix).Scan(&text); err != nil {
		return nil, fmt.Errorf("read the stored posts: %w", err)
	}
	err = json.Unmarshal(text, &counts)
	return counts, err
}

// Execute runs statements, one after the other, on the database with this URL.
func Execute(ctx context.Context, url string, statements ...string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}

// Results counts how requests ended.
type Results struct{ Requests, Unavailable, Late, Other, None int }

// Failed returns how many had no success.
func (n Results) Failed() int { return n.Unavailable + n.Late + n.Other + n.None }

// Count counts how requests ended.
func Count(requests []Ended) (n Results) {
	for _, r := range requests {
		n.Requests++
		switch {
		case r.Status == http.StatusServiceUnavailable:
			n.Unavailable++
		case r.Status == http.StatusGatewayTimeout:
			n.Late++
		case r.Status == 0:
			n.None++
		case r.Failed():
			n.Other++
		}
	}
	return n
}

// Wrong returns the first five different reasons why a response is none that an outage may cause.
func Wrong(requests []Ended) (reasons []string) {
	for _, r := range requests {
		if r.Wrong != "" && len(reasons) < 5 && !slices.Contains(reasons, r.Wrong) {
			reasons = append(reasons, r.Wrong)
		}
	}
	return reasons
}

// Longest returns how long the longest request took.
func Longest(requests []Ended) (longest time.Duration) {
	for _, r := range requests {
		longest = max(longest, r.Took)
	}
	return longest
}

// Recovery returns after what time from the end of an outage a full second began in which no request failed. It
// reports false if there was none before the load ended.
func Recovery(requests []Ended, end time.Time) (time.Duration, bool) {
	var failures []time.Time
	last := end
	for _, r := range requests {
		if r.Begun.Before(end) {
			continue
		}
		if r.Failed() {
			failures = append(failures, r.Begun)
		}
		if r.Begun.After(last) {
			last = r.Begun
		}
	}
	slices.SortFunc(failures, time.Time.Compare)
	start := end
	for _, failure := range failures {
		if failure.Sub(start) >= time.Second {
			break
		}
		start = failure
	}
	// The load's last request comes just before its end.
	return start.Sub(end), last.Sub(start) >= 900*time.Millisecond
}
