package store_test

import (
	"fmt"
	"strings"
	"testing"

	"minifb/shared/apperror"
	"minifb/shared/store"
	"minifb/shared/testkit/testdb"
)

func TestOnlyHotStatementsAreCached(t *testing.T) {
	t.Parallel()
	s, err := store.Open(testdb.URL(t), "test", 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx := t.Context()
	ann := store.User{ID: "ann.1", Name: "Ann", PasswordHash: "no password"}
	if err := s.CreateUser(ctx, &ann); err != nil {
		t.Fatal(err)
	}
	for n := range 20 {
		post, err := createPost(ctx, s, ann.UID, fmt.Sprint("post ", n))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.EditOwnPost(ctx, ann.UID, post.ID, nil, fmt.Sprint("edited ", n)); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Post(ctx, ann.UID, post.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Posts(ctx, ann.UID, store.Page{Size: 20}); err != nil {
			t.Fatal(err)
		}
	}
	var cached int
	err = s.DB().QueryRow(`
		SELECT count(*) FROM pg_prepared_statements WHERE statement NOT LIKE '%pg_prepared_statements%'`).Scan(&cached)
	if err != nil {
		t.Fatal(err)
	}
	if cached != 3 {
		t.Errorf("%d statements are cached, want 3: a new post, one post, and the feed", cached)
	}
}

func TestContentWithSQLInIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	ann := store.User{ID: "ann.1", Name: "Ann", PasswordHash: "no password"}
	if err := s.CreateUser(ctx, &ann); err != nil {
		t.Fatal(err)
	}
	post, err := createPost(ctx, s, ann.UID, "x")
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{
		`?`, `?0 ?1 ?2`, `$1`, `\?`, `'`, `''`, `\'`, `\`, `E'\047'`, `$$`, `"`, `--`, `/*`, `%s`, `{}`, "\u2028",
		strings.Repeat(`'\?`, 1000),
	} {
		created, err := createPost(ctx, s, ann.UID, content)
		if err != nil || created.Content != content {
			t.Errorf("created %.40q: got %.40q, %v", content, created.Content, err)
		}
		edited, err := s.EditOwnPost(ctx, ann.UID, post.ID, nil, content)
		if err != nil || edited.Content != content {
			t.Errorf("edited to %.40q: got %.40q, %v", content, edited.Content, err)
		}
	}
}

// The tables enforce the contract's lengths too. A violation is not an application error: the API
// must have refused it.
func TestContentLengthInTheDatabase(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx := t.Context()
	ann := store.User{ID: "ann.1", Name: "Ann", PasswordHash: "no password"}
	if err := s.CreateUser(ctx, &ann); err != nil {
		t.Fatal(err)
	}
	for length, ok := range map[int]bool{0: false, 1: true, 3000: true, 3001: false} {
		for _, point := range []string{"a", "한", "\u1112", "👩", "\u200d"} {
			_, err := createPost(ctx, s, ann.UID, strings.Repeat(point, length))
			if (err == nil) != ok {
				t.Errorf("%d of %q: %v", length, point, err)
			}
			if _, isApplicationError := apperror.From(err); isApplicationError {
				t.Errorf("%d of %q: got the application error %v, want an unexpected one", length, point, err)
			}
		}
	}
}
