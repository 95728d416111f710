package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"unicode/utf8"

	"minifb/shared/ops/bundle"
	"minifb/shared/testkit/client"
)

// The API accepts every text of the demo, and no two users have the same ID.
func TestContentKeepsTheContract(t *testing.T) {
	t.Parallel()
	checkLength := func(field, text string, least, most int) {
		if n := utf8.RuneCountInString(text); n < least || n > most {
			t.Errorf("%s %q has %d code points, not %d to %d", field, text, n, least, most)
		}
	}
	ids := map[string]bool{}
	korean := 0
	for _, u := range users {
		checkLength("id", u.id, 4, 50)
		checkLength("name", u.name, 2, 16)
		checkLength("nickname", u.nickname, 0, 30)
		checkLength("intro", u.intro, 0, 85)
		if ids[u.id] {
			t.Errorf("two users have the ID %s", u.id)
		}
		ids[u.id] = true
		if u.korean {
			korean++
		}
	}
	if len(users) < 30 || korean < 12 || len(users)-korean < 12 {
		t.Errorf("%d users, %d of them Korean: too few", len(users), korean)
	}
	checkLength("password", password, 10, 100)
	for _, p := range newPlan(1).posts {
		checkLength("post", p.text+p.edited, 1, 3000)
		for _, c := range p.comments {
			checkLength("comment", c.text+c.edited, 1, 1000)
		}
	}
}

func TestPlanDependsOnTheSeedAlone(t *testing.T) {
	t.Parallel()
	one, again, other := newPlan(1), newPlan(1), newPlan(2)
	if !reflect.DeepEqual(one, again) {
		t.Error("the same seed makes two plans")
	}
	if reflect.DeepEqual(one.posts[0], other.posts[0]) {
		t.Error("two seeds make the same plan")
	}
	for seed := range uint64(20) {
		p := newPlan(seed)
		kinds, edited, changed, canceled, hottest := map[int]bool{}, 0, 0, 0, 0
		for _, post := range p.posts {
			hottest = max(hottest, post.heat())
			if post.edited != "" {
				edited++
			}
			for _, r := range post.reactions {
				kinds[r.kind] = true
				if r.first > 0 {
					changed++
				}
				if r.cancel {
					canceled++
				}
			}
		}
		if len(kinds) != 5 || edited == 0 || changed == 0 || canceled == 0 || hottest < 20 {
			t.Errorf("seed %d: %d types of reactions, %d posts edited, %d reactions changed, %d canceled, "+
				"%d comments and reactions on the hottest post", seed, len(kinds), edited, changed, canceled, hottest)
		}
	}
}

func TestWithoutBundle(t *testing.T) {
	t.Parallel()
	for base, env := range map[string]map[string]string{
		"http://127.0.0.1:1": {"BASE_URL": "http://127.0.0.1:1", "PORT": "2"},
		"http://localhost:1": {"PORT": "1"},
	} {
		var output strings.Builder
		err := run(t.Context(), func(name string) string { return env[name] }, progress{output: &output})
		want := "no bundle responds at " + base + ": start one by `make run`, or set BASE_URL to another"
		if err == nil || err.Error() != want {
			t.Errorf("the error is %v, want %s", err, want)
		}
		if output.String() != "" {
			t.Errorf("the output is %s", output.String())
		}
	}
}

// A run that a limit refuses users leaves them out, the next run adds them, and a third run changes
// nothing.
func TestDemo(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "minifb-demo-") // t.TempDir's path is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	b := bundle.New(bundle.Options{
		Source: "../..", Dir: dir, Fast: true, Race: true,
		Areas: []string{"account", "auth", "comment", "notification", "post", "reaction"},
		Env:   []string{"PASSWORD_ITERATIONS=1000", "LIMITS=off"}, Logf: t.Logf,
	})
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.Stop(); err != nil {
			t.Error(err)
		}
	}()
	demo := func(url string) string {
		env := map[string]string{"BASE_URL": url, "SEED": "7", "SHOWN_URL": "http://shown.example"}
		var output strings.Builder
		err := run(t.Context(), func(name string) string { return env[name] }, progress{output: &output})
		if err != nil {
			t.Fatalf("%v\n%s", err, output.String())
		}
		return output.String()
	}
	check := func(output string, want ...string) {
		t.Helper()
		for _, part := range want {
			if !strings.Contains(output, part) {
				t.Errorf("the output lacks %q:\n%s", part, output)
			}
		}
	}
	const limit = 20
	rest := len(users) - limit
	limited := limitSignUps(t, b.URL, limit)
	check(demo(limited),
		fmt.Sprintf("%d of %d users could not sign up or in and are left out: POST /signup returned 429: enough\n",
			rest, len(users)),
		fmt.Sprintf("\n%d users (%d new), ", limit, limit))
	check(demo(b.URL), fmt.Sprintf("users         %d done", len(users)),
		fmt.Sprintf("\n%d users (%d new), ", len(users), rest), "curl -s http://shown.example/timeline")
	before := feed(t.Context(), t, b.URL)
	check(demo(b.URL), "users (0 new)", "posts (0 new)", "comments (0 new)")
	if after := feed(t.Context(), t, b.URL); !reflect.DeepEqual(before, after) {
		t.Errorf("the third run has changed the feed from\n%v\nto\n%v", before, after)
	}
}

// limitSignUps returns the URL of a proxy that refuses further sign-ups with 429.
func limitSignUps(t *testing.T, bundleURL string, limit int64) string {
	t.Helper()
	target, err := url.Parse(bundleURL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	var signUps atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/signup" && signUps.Add(1) > limit {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"result":"Too Many Requests","hint":"enough"}`)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

type shownPost struct {
	ID           int64
	Content      string
	Modified     bool
	CommentCount int `json:"comment_count"`
	Reactions    map[string]int
}

// feed returns all posts, and checks them against the plan.
func feed(ctx context.Context, t *testing.T, url string) (all []shownPost) {
	t.Helper()
	c := client.New(url, 1)
	defer c.Close()
	for next := "/post?size=50"; next != ""; {
		var page struct {
			Items []shownPost
			Next  string
		}
		if _, err := c.Call(ctx, client.Request{Method: "GET", Path: next}, &page, 200); err != nil {
			t.Fatal(err)
		}
		all, next = append(all, page.Items...), page.Next
	}
	byText := map[string]shownPost{}
	for _, s := range all {
		byText[s.Content] = s
	}
	posts := newPlan(7).posts
	if len(all) != len(posts) {
		t.Errorf("%d posts in the feed, %d planned", len(all), len(posts))
	}
	for _, p := range posts {
		text := p.text
		if p.edited != "" {
			text = p.edited
		}
		planned := 0
		for _, r := range p.reactions {
			if !r.cancel {
				planned++
			}
		}
		s := byText[text]
		reactions := 0
		for _, n := range s.Reactions {
			reactions += n
		}
		if s.CommentCount != len(p.comments) || reactions != planned || s.Modified != (p.edited != "") {
			t.Errorf("%q has %d comments, %d reactions, modified %t; planned %d, %d, %t",
				text, s.CommentCount, reactions, s.Modified, len(p.comments), planned, p.edited != "")
		}
	}
	return all
}
