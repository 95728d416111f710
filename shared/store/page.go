package store

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"minifb/shared/apperror"
)

// A Page is where in a list to go on: Size items (1–100) after the one whose key is After, or from the start
// where it is empty. Keys come from a List and mean something to its query alone.
type Page struct {
	Size  int
	After string
}

// A List is one page of items, and the key to go on after it; empty at the list's end.
type List[T any] struct {
	Items []T
	Next  string
}

var errKey = apperror.New(apperror.Invalid, "cursor: is not one that this list gave; leave it out to start anew")

// listOf cuts the one item read beyond the page, which tells whether there is more.
func listOf[T any](items []T, p Page, key func(T) string) List[T] {
	if len(items) <= p.Size {
		return List[T]{Items: items}
	}
	items = items[:p.Size]
	return List[T]{items, key(items[p.Size-1])}
}

// limit ends a list's query. A literal, because a plan made for an unknown limit expects a tenth of the table.
func (p Page) limit() string { return " LIMIT " + strconv.Itoa(p.Size+1) }

// beforeID reads the key of a list whose newest item has the greatest id.
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

// A moment is the key of a list that is sorted by time, and by id among equals.
func momentKey(at time.Time, id string) string { return fmt.Sprintf("%d.%s", at.UnixMicro(), id) }

// beforeMoment reads such a key. At the start it answers a time after every other.
func (p Page) beforeMoment() (at time.Time, id string, err error) {
	if p.After == "" {
		return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), "", nil
	}
	stamp, id, found := strings.Cut(p.After, ".")
	micros, err := strconv.ParseInt(stamp, 10, 64)
	if !found || err != nil || micros < 0 || micros > 253_370_764_800_000_000 { // year 9999
		return at, "", errKey
	}
	return time.UnixMicro(micros).UTC(), id, nil
}
