package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/postgres"
	"minifb/shared/testkit/testdb"
)

// A small `make test-deploy`. It does not check the latency, as other tests run at the same time.
func TestDeploysLoseNothing(t *testing.T) {
	t.Parallel()
	root, err := os.MkdirTemp("", "mfd") // the path of t.TempDir may be too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	owner := testdb.URL(t)
	functions, err := postgres.FunctionsURL(owner)
	if err != nil {
		t.Fatal(err)
	}
	f, err := newFixture(t.Context(), bundle.Options{
		Source: "../..", Dir: root, OwnerURL: owner, StartTimeout: 4 * time.Second, Logf: t.Logf,
		DatabaseURL: functions,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.stop(); err != nil {
			t.Error(err)
		}
	}()
	var out bytes.Buffer
	small := scenario{rate: 100, quiet: time.Second, deploys: 4, pause: 100 * time.Millisecond}
	if broken, err := small.run(t.Context(), f, &out); err != nil || len(broken) > 0 {
		t.Fatalf("%v, broken promises: %d\n%s", err, len(broken), out.String())
	}
	t.Log(out.String())

	// Only requests with a key need this right.
	if _, err := testdb.Open(t, owner).Exec(`REVOKE INSERT (key) ON idempotency_keys FROM minifb_post`); err != nil {
		t.Fatal(err)
	}
	build, err := f.newBuild()
	if err != nil {
		t.Fatal(err)
	}
	output, _, err := f.deploy(t.Context(), "-binary", build)
	if err == nil || !strings.Contains(output, "POST /post: 500") || !strings.Contains(output, "permission denied") {
		t.Errorf("a deploy without a right that a write needs: %v\n%s", err, output)
	}
}

// A write without a response may be stored or not, but not twice.
func TestLostAndDoubledWritesAreReported(t *testing.T) {
	t.Parallel()
	sent := map[string]bool{"acknowledged": true, "unknown": false}
	for _, c := range []struct {
		stored map[string]int
		want   string
	}{
		{map[string]int{"acknowledged": 1}, "1 <nil>"},
		{map[string]int{"acknowledged": 1, "unknown": 1}, "1 <nil>"},
		{map[string]int{"unknown": 1}, `0 the post "acknowledged" is in the database 0 times; acknowledged: true`},
		{map[string]int{"acknowledged": 2}, `0 the post "acknowledged" is in the database 2 times; acknowledged: true`},
		{
			map[string]int{"acknowledged": 1, "unknown": 2},
			`0 the post "unknown" is in the database 2 times; acknowledged: false`,
		},
	} {
		n, err := compare(sent, c.stored)
		if got := fmt.Sprint(n, err); got != c.want {
			t.Errorf("%v: %s, want %s", c.stored, got, c.want)
		}
	}
}

func TestAMissedAimIsABrokenPromiseOnlyIfStrict(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		strict   bool
		slowdown float64
		output   string
		broken   int
	}{
		{false, maxSlowdown, "aim reached", 0}, {true, maxSlowdown, "aim reached", 0},
		{false, 3.9, "AIM MISSED", 0}, {true, 3.9, "BROKEN", 1},
	} {
		var out bytes.Buffer
		r := &report{Writer: &out}
		scenario{strict: c.strict}.checkAim(r, c.slowdown)
		if !strings.Contains(out.String(), c.output) || len(r.broken) != c.broken {
			t.Errorf("strict %v, %.2f times: printed %q, %d broken promises",
				c.strict, c.slowdown, out.String(), len(r.broken))
		}
	}
}
