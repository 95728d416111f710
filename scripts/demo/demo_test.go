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

// A demo must fit into what the API takes: the contract's lengths, and no two people with one ID.
func TestContentKeepsTheContract(t *testing.T) {
	t.Parallel()
	within := func(what, text string, least, most int) {
		if n := utf8.RuneCountInString(text); n < least || n > most {
			t.Errorf("%s %q has %d code points, not %d to %d", what, text, n, least, most)
		}
	}
	ids := map[string]bool{}
	korean := 0
	for _, p := range people {
		within("id", p.id, 4, 50)
		within("name", p.name, 2, 16)
		within("nickname", p.nickname, 0, 30)
		within("intro", p.intro, 0, 85)
		if ids[p.id] {
			t.Errorf("%s is there twice", p.id)
		}
		ids[p.id] = true
		if p.korean {
			korean++
		}
	}
	if len(people) < 30 || korean < 12 || len(people)-korean < 12 {
		t.Errorf("%d people, %d of them Korean: too few to look at", len(people), korean)
	}
	within("password", password, 10, 100)
	for _, p := range newPlan(1).posts {
		within("post", p.text+p.edited, 1, 3000)
		for _, c := range p.comments {
			within("comment", c.text+c.edited, 1, 1000)
		}
	}
}

func TestPlanIsItsSeeds(t *testing.T) {
	t.Parallel()
	one, again, other := newPlan(1), newPlan(1), newPlan(2)
	if !reflect.DeepEqual(one, again) {
		t.Error("one seed makes two plans")
	}
	if reflect.DeepEqual(one.posts[0], other.posts[0]) {
		t.Error("two seeds make one plan")
	}
	for seed := range uint64(20) {
		p := newPlan(seed)
		kinds, edited, changed, cancelled, hottest := map[int]bool{}, 0, 0, 0, 0
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
					cancelled++
				}
			}
		}
		if len(kinds) != 5 || edited == 0 || changed == 0 || cancelled == 0 || hottest < 20 {
			t.Errorf("seed %d: %d types of reactions, %d posts edited, %d reactions changed, %d cancelled, %d at the hottest post", seed, len(kinds), edited, changed, cancelled, hottest)
		}
	}
}

func TestNoBundle(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	env := map[string]string{"BASE_URL": "http://127.0.0.1:1"}
	err := run(t.Context(), func(name string) string { return env[name] }, screen{out: &out})
	if err == nil || err.Error() != "no bundle answers at http://127.0.0.1:1: start one by `make run`, or name another by BASE_URL" {
		t.Errorf("it says %v", err)
	}
	if out.String() != "" {
		t.Errorf("and before: %s", out.String())
	}
}

// A run that meets a limit does what it can, the next one the rest, and a third finds nothing left to do.
func TestDemo(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "minifb-demo-") // shorter than the test's own, for the sockets' sake
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	b := bundle.New(bundle.Options{
		Source: "../..", Dir: dir, Fast: true, Race: true, Env: []string{"PASSWORD_ITERATIONS=1000", "LIMITS=off"}, Logf: t.Logf,
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
		env := map[string]string{"BASE_URL": url, "SEED": "7"}
		var out strings.Builder
		if err := run(t.Context(), func(name string) string { return env[name] }, screen{out: &out}); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		return out.String()
	}
	says := func(out string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(out, part) {
				t.Errorf("it does not say %q:\n%s", part, out)
			}
		}
	}
	const limit = 20
	rest := len(people) - limit
	limited := limitSignUps(t, b.URL, limit)
	says(demo(limited), fmt.Sprintf("%d of %d people could not get in and are left out: POST /signup was answered 429: enough", rest, len(people)),
		fmt.Sprintf("\n%d people (%d new), ", limit, limit))
	says(demo(b.URL), fmt.Sprintf("people        %d done", len(people)), fmt.Sprintf("\n%d people (%d new), ", len(people), rest),
		"curl -s "+b.URL+"/timeline")
	before := feed(t.Context(), t, b.URL)
	says(demo(b.URL), "people (0 new)", "posts (0 new)", "comments (0 new)")
	if after := feed(t.Context(), t, b.URL); !reflect.DeepEqual(before, after) {
		t.Errorf("the second run has changed the feed from\n%v\nto\n%v", before, after)
	}
}

// limitSignUps puts a gateway before the bundle that lets so many through, and asks the others to come back in an hour.
func limitSignUps(t *testing.T, bundle string, most int64) string {
	t.Helper()
	to, err := url.Parse(bundle)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	var signUps atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/signup" && signUps.Add(1) > most {
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

type shown struct {
	ID           int64
	Content      string
	Modified     bool
	CommentCount int `json:"comment_count"`
	Reactions    map[string]int
}

// feed reads all posts, and holds them to the plan.
func feed(ctx context.Context, t *testing.T, url string) (all []shown) {
	t.Helper()
	c := client.New(url, 1)
	defer c.Close()
	for next := "/post?size=50"; next != ""; {
		var page struct {
			Items []shown
			Next  string
		}
		if _, err := c.Call(ctx, client.Request{Method: "GET", Path: next}, &page, 200); err != nil {
			t.Fatal(err)
		}
		all, next = append(all, page.Items...), page.Next
	}
	byText := map[string]shown{}
	for _, s := range all {
		byText[s.Content] = s
	}
	planned := newPlan(7).posts
	if len(all) != len(planned) {
		t.Errorf("%d posts in the feed, %d planned", len(all), len(planned))
	}
	for _, p := range planned {
		text := p.text
		if p.edited != "" {
			text = p.edited
		}
		standing := 0
		for _, r := range p.reactions {
			if !r.cancel {
				standing++
			}
		}
		s := byText[text]
		reactions := 0
		for _, n := range s.Reactions {
			reactions += n
		}
		if s.CommentCount != len(p.comments) || reactions != standing || s.Modified != (p.edited != "") {
			t.Errorf("%q has %d comments, %d reactions, modified %t; planned %d, %d, %t", text, s.CommentCount, reactions, s.Modified, len(p.comments), standing, p.edited != "")
		}
	}
	return all
}
