package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"

	"minifb/shared/testkit/client"
)

// A scenario is what happens to a host under load.
type scenario struct {
	rate    int           // requests a second
	quiet   time.Duration // of load before the first deploy, and after the last
	deploys int           // deploys and rollbacks
	pause   time.Duration // between two of them
	strict  bool          // a missed aim is a broken promise
}

const (
	maxRollback = 30 * time.Second // until the former release serves again after a deploy of a broken build
	maxRestart  = 2 * time.Second  // until a killed function responds again
	maxSlowdown = 1.25             // the aim for p99 with deploys over p99 without
)

// A report prints the results of a scenario and collects the broken promises.
type report struct {
	io.Writer
	broken []string
}

func (r *report) printf(format string, args ...any) { fmt.Fprintf(r, format+"\n", args...) }

// check records err, if it is not nil, as a broken promise.
func (r *report) check(err error) {
	if err != nil {
		r.printf("  BROKEN: %v", err)
		r.broken = append(r.broken, err.Error())
	}
}

// run runs the scenario and returns the broken promises. The error says why it could not be completed.
func (s scenario) run(ctx context.Context, f *fixture, out io.Writer) (broken []string, err error) {
	l := newLoad(f, f.URL, s.rate)
	defer l.client.Close()
	if _, err := l.during(ctx, func() error { return sleep(ctx, time.Second) }); err != nil { // warms up
		return nil, err
	}
	r := &report{Writer: out}
	for _, part := range []func(context.Context, *fixture, *load, *report) error{
		s.deployAndRollBack, s.deployBroken, s.kill,
	} {
		if err := part(ctx, f, l, r); err != nil {
			return nil, err
		}
	}
	r.verify(ctx, l)
	return r.broken, nil
}

// verify compares the database with the writes of the load.
func (r *report) verify(ctx context.Context, l *load) {
	writes, err := l.verify(ctx)
	r.check(err)
	if err == nil {
		r.printf("each of the %d acknowledged writes is in the database once", writes)
	}
}

// deployAndRollBack deploys working builds, each followed by a rollback, and compares the latency
// with that of a quiet host.
func (s scenario) deployAndRollBack(ctx context.Context, f *fixture, l *load, r *report) error {
	builds := make([]string, (s.deploys+1)/2) // made now: a real host receives its builds from elsewhere
	for i := range builds {
		var err error
		if builds[i], err = f.newBuild(); err != nil {
			return err
		}
	}
	syscall.Sync() // otherwise the database's commits wait until the builds are on the disk
	r.printf("%d requests a second, half of them writes", s.rate)
	quiet, err := l.during(ctx, func() error { return sleep(ctx, s.quiet) })
	if err != nil {
		return err
	}
	others := f.otherPIDs()
	var longest time.Duration
	var spans []span
	busy, err := l.during(ctx, func() error {
		for i := range s.deploys {
			arguments := []string{"-do", "rollback"}
			if i%2 == 0 {
				arguments = []string{"-binary", builds[i/2]}
			}
			old := f.post.PID()
			output, took, err := f.deploy(ctx, arguments...)
			if err != nil {
				return fmt.Errorf("deploy %d: %w\n%s", i+1, err, output)
			}
			if f.post.PID() == old {
				return fmt.Errorf("deploy %d did not replace the process: %s", i+1, output)
			}
			longest = max(longest, took)
			spans = append(spans, span{time.Now().Add(-took), time.Now()})
			if err := sleep(ctx, s.pause); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	after, err := l.during(ctx, func() error { return sleep(ctx, s.quiet) })
	if err != nil {
		return err
	}
	// Both quiet phases together have as much of the machine's other work, and of the table's
	// growth, as the one with deploys.
	quiet.took, quiet.failed = append(quiet.took, after.took...), append(quiet.failed, after.failed...)
	r.printf("  quiet:                %s", quiet)
	r.check(quiet.lost())
	r.printf("  with %2d deploys:      %s", s.deploys, busy)
	inside, outside := busy.split(spans)
	r.printf("  during a deploy p99 was %.2f ms, and between two %.2f ms",
		milliseconds(quantile(0.99, inside)), milliseconds(quantile(0.99, outside)))
	r.printf("  the longest deploy or rollback took %.1f s", longest.Seconds())
	r.check(busy.lost())
	r.check(f.checkOthers(others))
	slowdown := float64(busy.quantile(0.99)) / float64(quiet.quantile(0.99))
	s.checkAim(r, slowdown)
	return nil
}

// checkAim reports whether deploys slow requests down by no more than the aim.
func (s scenario) checkAim(r *report, slowdown float64) {
	text := fmt.Sprintf("p99 with deploys is %.2f times the quiet one; the aim is at most %.2f", slowdown, maxSlowdown)
	switch {
	case slowdown <= maxSlowdown:
		r.printf("  aim reached: %s", text)
	case s.strict:
		r.check(errors.New(text))
	default:
		r.printf("  AIM MISSED: %s", text)
	}
}

// deployBroken deploys builds that do not work. Those of the first list are real builds with a fault that only
// signed-in writes meet.
func (s scenario) deployBroken(ctx context.Context, f *fixture, l *load, r *report) error {
	for name, planted := range map[string]fault{
		"panics in a write": {
			"functions/post/delete.go", "return nil, v.store", `panic("planted"); return nil, v.store`,
		},
		"writes a wrong column": {
			"shared/store/post.go", "UPDATE posts SET content = $2, modified", "UPDATE posts SET text = $2, modified",
		},
	} {
		binary, err := f.newFault(ctx, planted)
		if err != nil {
			return err
		}
		if err := s.refuse(ctx, f, l, r, name, binary, "rehearsal: "); err != nil {
			return err
		}
	}
	const passed = `[ -z "$LISTEN_FDS" ] || ` // what follows happens only at the live socket
	for _, b := range []struct{ name, script string }{
		{"exits at once", "exit 3"},
		{"returns 500", `exec "` + f.Binary("bad500") + `"`},
		{"hangs at the start", "exec sleep 1000"},
		{"exits at the live socket", passed + `exit 3; exec "` + f.Binary("post") + `"`},
		{"exits when it takes over", passed + `mkdir "` + f.root + `/taken" || exec "` + f.Binary("nothing") + `"
			exec "` + f.Binary("post") + `"`},
	} {
		binary, err := f.newScript(b.script)
		if err != nil {
			return err
		}
		if err := s.refuse(ctx, f, l, r, b.name, binary, ""); err != nil {
			return err
		}
	}
	return nil
}

// refuse deploys a build, and checks that it is refused for this reason and that no request meets it.
func (s scenario) refuse(ctx context.Context, f *fixture, l *load, r *report, name, binary, reason string) error {
	others := f.otherPIDs()
	var took time.Duration
	p, err := l.during(ctx, func() error {
		var output string
		var deployErr error
		output, took, deployErr = f.deploy(ctx, "-binary", binary)
		if deployErr == nil || !strings.Contains(output, "NOT DEPLOYED") || !strings.Contains(output, reason) {
			return fmt.Errorf("the build that %s was deployed, or refused for another reason: %w\n%s",
				name, deployErr, output)
		}
		return sleep(ctx, time.Second)
	})
	if err != nil {
		return err
	}
	r.printf("a build that %s was rolled back after %.1f s\n  meanwhile:            %s", name, took.Seconds(), p)
	r.check(p.lost())
	r.check(f.checkOthers(others))
	if took > maxRollback {
		r.check(fmt.Errorf("the build that %s was rolled back after %s, later than %s", name, took, maxRollback))
	}
	return nil
}

// kill kills the process of post.
func (s scenario) kill(ctx context.Context, f *fixture, l *load, r *report) error {
	others := f.otherPIDs()
	var away time.Duration
	p, err := l.during(ctx, func() error {
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
		begun := time.Now()
		f.post.Crash()
		bearer, err := f.Signer.Sign(f.claims)
		if err != nil {
			return err
		}
		r := client.Request{Method: http.MethodGet, Path: "/post?size=1", Token: bearer}
		if err := l.ask(ctx, r, http.StatusOK); err != nil {
			return fmt.Errorf("after post was killed: %w", err)
		}
		away = time.Since(begun)
		return sleep(ctx, time.Second)
	})
	if err != nil {
		return err
	}
	r.printf("post was killed and responded again after %d ms; the requests that it processed were lost",
		away.Milliseconds())
	r.printf("  meanwhile:            %s", p)
	r.check(p.lost("post"))
	r.check(f.checkOthers(others))
	if away > maxRestart {
		r.check(fmt.Errorf("post was away for %s after it was killed, longer than %s", away, maxRestart))
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
