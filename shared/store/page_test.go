package store_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"minifb/shared/apperror"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

// checkKey fails the test if a client's key leads to an unexpected error.
func checkKey(t *testing.T, list, key string, err error) {
	t.Helper()
	if err != nil && !is(err, apperror.Invalid) && !is(err, apperror.NotFound) {
		t.Errorf("%s after %.40q: got %v, want no error, Invalid or NotFound", list, key, err)
	}
}

func TestMalformedKeys(t *testing.T) {
	t.Parallel()
	s := open(t)
	malformed := []string{
		"x", "0", "-1", "-9223372036854775808", "9223372036854775808", "1e3", "1.5", " 1", "1 ", "0x1", "１",
		"1\x00", "\xff", "NaN", "'", "; DROP TABLE posts",
		".", "1.", ".1", "1.x", "x.1", "-1.1", "9223372036854775807.1", "253370764800000001.1", "1.1.1", "1.-",
		"1.99999999999999999999", "1.00000000-0000-0000-0000-00000000000", "1.{00000000-0000-0000-0000-000000000000}",
		"1.00000000-0000-0000-0000-000000000000'", strings.Repeat("1", 4000),
	}
	for _, list := range lists {
		for _, key := range malformed {
			_, err := list.read(t.Context(), s, store.Page{Size: 10, After: key})
			checkKey(t, list.name, key, err)
		}
	}
}

// FuzzKey passes any key to a list that is sorted by id, and to the two kinds that are sorted by
// time.
func FuzzKey(f *testing.F) {
	s := open(f)
	for _, seed := range []string{
		"1", "-1", "1700000000000000.1", "253370764800000000.1", "0.9223372036854775807",
		"0.00000000-0000-0000-0000-000000000000", "\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		for list, read := range map[string]func(context.Context, *store.Store, store.Page) (string, error){
			"posts": timeline(1), "reactions": postReactions(1), "sessions": sessions(1),
		} {
			_, err := read(t.Context(), s, store.Page{Size: 1, After: key})
			checkKey(t, list, key, err)
		}
	})
}

// A list of exactly one page has no next page.
func TestLastPageHasNoNext(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	ann := store.User{ID: "ann.1", Name: "Ann", PasswordHash: "no password"}
	if err := s.CreateUser(ctx, &ann); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		if _, err := createPost(ctx, s, ann.UID, "x"); err != nil {
			t.Fatal(err)
		}
	}
	for size := 1; size <= 7; size++ {
		var ids []int64
		pages, after := 0, ""
		for {
			list, err := s.Posts(ctx, 0, store.Page{Size: size, After: after})
			if err != nil || len(list.Items) == 0 {
				t.Fatalf("page %d of size %d: %d items, %v", pages, size, len(list.Items), err)
			}
			for _, post := range list.Items {
				ids = append(ids, post.ID)
			}
			pages++
			if after = list.Next; after == "" {
				break
			}
		}
		if want := int(math.Ceil(6 / float64(size))); len(ids) != 6 || pages != want {
			t.Errorf("size %d: got the posts %v in %d pages, want 6 in %d", size, ids, pages, want)
		}
	}
}

// open returns a store on a database of the test's own.
func open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(testdb.URL(t), "test", 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
