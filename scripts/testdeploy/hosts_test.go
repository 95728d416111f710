package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/postgres"
	"minifb/shared/testkit/programs"
	"minifb/shared/testkit/testdb"
)

// A small `make test-deploy TRIAL='-hosts 2'`. Deploys, reloads and restarts of hosts behind the balancer lose nothing,
// and the death of one loses only what it was serving.
func TestSeveralHostsLoseNothing(t *testing.T) {
	t.Parallel()
	owner := testdb.URL(t)
	functions, err := postgres.FunctionsURL(owner)
	if err != nil {
		t.Fatal(err)
	}
	site, err := newSite(t.Context(), bundle.Options{
		Source: "../..", Dir: programs.Folder(t), OwnerURL: owner, StartTimeout: 10 * time.Second, Logf: t.Logf,
		DatabaseURL: functions,
	}, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := site.stop(); err != nil {
			t.Error(err)
		}
	}()
	var out bytes.Buffer
	small := scenario{rate: 100, quiet: time.Second, deploys: 1, pause: 100 * time.Millisecond}
	if broken, err := small.runOnSite(t.Context(), site, &out); err != nil || len(broken) > 0 {
		t.Fatalf("%v, broken promises: %d\n%s", err, len(broken), out.String())
	}
	t.Log(out.String())
}

func TestOnlyWhatAKilledHostServedMayBeLost(t *testing.T) {
	t.Parallel()
	killed := time.Now()
	for want, f := range map[string]failure{
		"":                  {at: killed.Add(-time.Millisecond), what: "GET /post: 503 {}"},
		"1s after the host": {at: killed.Add(time.Second), what: "GET /post: 503 {}"},
		"GET /post: EOF":    {at: killed.Add(-time.Millisecond), what: "GET /post: EOF"},
		"GET /post: 500":    {at: killed.Add(-time.Millisecond), what: "GET /post: 500 {}"},
	} {
		err := (&phase{failed: []failure{f}}).lostBefore(killed)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", f, err, want)
		}
	}
}
