package store

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"minifb/shared/apperror"
)

// DefaultSize is how many items a page has unless the client says how many.
const DefaultSize = 20

// A Page selects a part of a list: Size items (1–100) after the item with the key After, or the
// first ones if After is empty. A key comes from List.Next and is valid for the list that returned
// it.
type Page struct {
	Size  int
	After string
}

// A List is one page of items. Next is the key of the next page, or empty on the last one.
type List[T any] struct {
	Items []T
	Next  string
}

var errKey = apperror.New(apperror.Invalid, "cursor: is not one that this list gave; leave it out to start again")

// readPage reads one page with a list's statement. key returns an item's key.
//
// The rows of one post or user are a range of an index that begins with it. Most lists name the bounds of
// this range, such as that of the comments of post $2 below the comment $3:
//
//	WHERE (post_id, id) < ((SELECT $2::bigint), $3) AND (post_id, id) > ((SELECT $2::bigint), 0)
//	ORDER BY post_id DESC, id DESC
//
// With post_id = $2 the planner would expect the average number of comments. If that is a dozen, it reads and
// sorts them, which for a hot post are thousands. For such bounds it expects a ninth of the table, so it reads
// the index in its order, and stops at the end of the page. The SELECT hides $2: otherwise the planner would
// look for it in its statistics, and plan the statement again at each call.
func readPage[T any](
	ctx context.Context, r reader, p Page, key func(T) string, statement string, args ...any,
) (List[T], error) {
	// One item more than the page has tells whether there is a next page.
	items, err := list[T](ctx, r, p.Size+1, statement+limit(p.Size+1), args...)
	if err != nil {
		return List[T]{}, err
	}
	return cut(items, p.Size, key), nil
}

// cut returns the page of the first items. More of them mean that there is a next page.
func cut[T any](items []T, size int, key func(T) string) List[T] {
	if len(items) <= size {
		return List[T]{Items: items}
	}
	items = items[:size]
	return List[T]{items, key(items[size-1])}
}

// limit returns a LIMIT as a literal: for a LIMIT of $1, a cached plan expects a tenth of the
// table.
func limit(rows int) string { return " LIMIT " + strconv.Itoa(rows) }

// beforeID parses the key of a list that is sorted by id, greatest first. For the first page it
// returns the greatest id.
func (p Page) beforeID() (int64, error) {
	if p.After == "" {
		return math.MaxInt64, nil
	}
	id, err := strconv.ParseInt(p.After, 10, 64)
	if err != nil || id <= 0 {
		return 0, errKey
	}
	return id, nil
}

func idKey(id int64) string { return strconv.FormatInt(id, 10) }

// timeKey returns the key of an item in a list that is sorted by time, and by id among equal times.
func timeKey(at time.Time, id string) string { return fmt.Sprintf("%d.%s", at.UnixMicro(), id) }

var endOfTime = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

const lastMicrosecond = 253_370_764_800_000_000 // of endOfTime

// beforeTime parses a key that timeKey returned. For the first page it returns the end of time and
// an empty id.
func (p Page) beforeTime() (at time.Time, id string, err error) {
	if p.After == "" {
		return endOfTime, "", nil
	}
	stamp, id, found := strings.Cut(p.After, ".")
	micros, err := strconv.ParseInt(stamp, 10, 64)
	if !found || err != nil || micros < 0 || micros > lastMicrosecond {
		return at, "", errKey
	}
	return time.UnixMicro(micros).UTC(), id, nil
}
