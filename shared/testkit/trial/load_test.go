package trial

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"minifb/shared/ops/keys"
	"minifb/shared/testkit/testdb"
	"minifb/shared/token"
)

const sessionID = "0190a7e2-7d4c-7b3a-8f00-000000000001"

// newLoad returns a load with this way to send.
func newLoad(t *testing.T, send func(context.Context, Request)) Load {
	t.Helper()
	dir := t.TempDir()
	if _, err := keys.Ensure(dir); err != nil {
		t.Fatal(err)
	}
	signer, err := keys.Signer(dir, "minifb", "minifb")
	if err != nil {
		t.Fatal(err)
	}
	claims := token.Claims{UserUID: 1, SessionID: sessionID}
	return Load{Signer: signer, Claims: claims, Rate: 1000, Prefix: "try", Send: send}
}

// A slow response delays no other request. Half of them are writes, each with a word of its own.
func TestLoadIsSteady(t *testing.T) {
	t.Parallel()
	const requests = 80
	var mu sync.Mutex
	areas, words := map[string]int{}, map[string]bool{}
	enough := make(chan struct{})
	l := newLoad(t, func(_ context.Context, r Request) {
		mu.Lock()
		if r.Number < requests {
			areas[r.Method+" "+r.Area]++
		}
		if r.Number < requests && r.Word != "" {
			words[r.Word] = true
		}
		if r.Token == "" {
			t.Errorf("%s has no token", r)
		}
		if r.Number == requests {
			close(enough)
		}
		mu.Unlock()
		<-enough
	})
	if err := l.During(t.Context(), func() error { <-enough; return nil }); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"POST post": 40, "GET post": 20, "GET timeline": 10, "GET account": 10}
	if !maps.Equal(areas, want) || len(words) != 40 {
		t.Errorf("sent %v with %d words, want %v with 40", areas, len(words), want)
	}
}

// The end of ctx ends the requests under way.
func TestStopEndsRequestsUnderWay(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var once sync.Once
	l := newLoad(t, func(ctx context.Context, _ Request) {
		once.Do(cancel)
		select {
		case <-ctx.Done():
		case <-time.After(Patience / 2):
			t.Error("a request goes on after the end of the load")
		}
	})
	if err := l.During(ctx, func() error { <-ctx.Done(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of ctx", err)
	}
}

func TestStored(t *testing.T) {
	t.Parallel()
	url := testdb.URL(t)
	db := testdb.Open(t, url)
	if _, err := db.Exec(`
		INSERT INTO users (id, password_hash, name) VALUES ('ann.1', '0123456789', 'Ann');
		INSERT INTO posts (owner_uid, content)
			SELECT uid, unnest(ARRAY['try.1', 'try.2 long', 'try.2 text', 'other']) FROM users`); err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]map[string]int{"try.": {"try.1": 1, "try.2": 2}, "none": {}} {
		if got, err := Stored(t.Context(), url, prefix); err != nil || !maps.Equal(got, want) {
			t.Errorf("%q: got %v, %v, want %v", prefix, got, err, want)
		}
	}
}

// Nothing is done without a token.
func TestLoadNeedsAToken(t *testing.T) {
	t.Parallel()
	l := newLoad(t, func(context.Context, Request) { t.Error("a request was sent") })
	l.Claims.SessionID = ""
	if err := l.During(t.Context(), func() error { t.Error("do was called"); return nil }); err == nil {
		t.Error("no error for claims that cannot be signed")
	}
}
