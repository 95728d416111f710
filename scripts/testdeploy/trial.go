package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"
)

// A trial is how hard it gets.
type trial struct {
	rate    int           // requests a second
	quiet   time.Duration // of load before the first deploy, and after the last
	deploys int           // and rollbacks, together
	pause   time.Duration // between two
	strict  bool          // hold p99 to its bound, which takes a machine that does nothing else
}

const (
	rollbackLimit = 30 * time.Second // for a bad build to be gone
	returnLimit   = 2 * time.Second  // for a killed function to be back
	slowdown      = 1.25             // p99 with deploys over p99 without
)

// run takes all steps, says what it finds, and answers every promise that was broken.
func (t trial) run(ctx context.Context, w *world, out io.Writer) error {
	l := newLoad(w, t.rate)
	defer l.client.CloseIdleConnections()
	if _, err := l.during(ctx, func() error { return sleep(ctx, time.Second) }); err != nil { // warms up
		return err
	}
	var broken []error
	note := func(err error) {
		if err != nil {
			fmt.Fprintln(out, "  BROKEN:", err)
			broken = append(broken, err)
		}
	}
	for _, step := range []func(context.Context, *world, *load, io.Writer, func(error)) error{t.swap, t.bad, t.kill} {
		if err := step(ctx, w, l, out, note); err != nil {
			return err
		}
	}
	writes, err := l.settle(ctx)
	note(err)
	if err == nil {
		fmt.Fprintf(out, "%d acknowledged writes are in the database once each\n", writes)
	}
	return errors.Join(broken...)
}

// swap deploys and rolls back under load.
func (t trial) swap(ctx context.Context, w *world, l *load, out io.Writer, note func(error)) error {
	binaries := make([]string, (t.deploys+1)/2) // made beforehand: a host gets builds from elsewhere
	for i := range binaries {
		var err error
		if binaries[i], err = w.another("post"); err != nil {
			return err
		}
	}
	syscall.Sync() // else the database's own waits until all of them are on the disk
	fmt.Fprintf(out, "%d requests a second, half of them writes\n", t.rate)
	quiet, err := l.during(ctx, func() error { return sleep(ctx, t.quiet) })
	if err != nil {
		return err
	}
	before := w.pids()
	var longest time.Duration
	var spans []span
	busy, err := l.during(ctx, func() error {
		for i := range t.deploys {
			arguments := []string{"-rollback"}
			if i%2 == 0 {
				arguments = []string{"-binary", binaries[i/2]}
			}
			old := w.host.PID("post")
			said, took, err := w.deploy(ctx, arguments...)
			if err != nil {
				return fmt.Errorf("deploy %d: %w\n%s", i+1, err, said)
			}
			if w.host.PID("post") == old {
				return fmt.Errorf("deploy %d changed nothing: %s", i+1, said)
			}
			longest = max(longest, took)
			spans = append(spans, span{time.Now().Add(-took), time.Now()})
			if err := sleep(ctx, t.pause); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	after, err := l.during(ctx, func() error { return sleep(ctx, t.quiet) })
	if err != nil {
		return err
	}
	// Before and after together: what else the machine does, and the table's growth, are then in both figures.
	quiet.took, quiet.failed = append(quiet.took, after.took...), append(quiet.failed, after.failed...)
	fmt.Fprintf(out, "  quiet:                %s\n", quiet)
	note(quiet.lost())
	fmt.Fprintf(out, "  with %2d deploys:      %s\n", t.deploys, busy)
	fmt.Fprintf(out, "  the longest deploy or rollback took %.1f s; p99 is %.2f times the quiet one\n", longest.Seconds(), ratio(busy, quiet))
	inside, outside := busy.within(spans)
	fmt.Fprintf(out, "  while a deploy was under way p99 was %.2f ms, and between two %.2f ms\n",
		milliseconds(quantile(0.99, inside)), milliseconds(quantile(0.99, outside)))
	note(busy.lost())
	note(w.undisturbed(before))
	if t.strict && ratio(busy, quiet) > slowdown {
		note(fmt.Errorf("p99 is %.2f times the quiet one; %.2f is the most", ratio(busy, quiet), slowdown))
	}
	return nil
}

func ratio(a, b *phase) float64 { return float64(a.quantile(0.99)) / float64(b.quantile(0.99)) }

// bad deploys builds that do not work.
func (t trial) bad(ctx context.Context, w *world, l *load, out io.Writer, note func(error)) error {
	for _, b := range []struct{ name, script string }{
		{"exits at once", "exit 3"},
		{"answers 500", `exec "` + w.bin("bad500") + `"`},
		{"hangs at start", "exec sleep 1000"},
		{"exits at the live socket", `[ -z "$LISTEN_FDS" ] || exit 3; exec "` + w.bin("post") + `"`},
		{"exits as it takes over", `[ -z "$LISTEN_FDS" ] || mkdir "` + w.root + `/taken" || exec "` + w.bin("nothing") + `"; exec "` + w.bin("post") + `"`},
	} {
		binary, err := w.script(b.script)
		if err != nil {
			return err
		}
		before := w.pids()
		var took time.Duration
		p, err := l.during(ctx, func() error {
			var said string
			var failed error
			said, took, failed = w.deploy(ctx, "-binary", binary)
			if failed == nil || !strings.Contains(said, "NOT DEPLOYED") {
				return fmt.Errorf("the build that %s was deployed: %w\n%s", b.name, failed, said)
			}
			return sleep(ctx, time.Second)
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "a build that %s was rolled back after %.1f s\n  meanwhile:            %s\n", b.name, took.Seconds(), p)
		note(p.lost())
		note(w.undisturbed(before))
		if took > rollbackLimit {
			note(fmt.Errorf("the build that %s took %s to be rolled back; %s is the most", b.name, took, rollbackLimit))
		}
	}
	return nil
}

// kill ends one function as a crash would.
func (t trial) kill(ctx context.Context, w *world, l *load, out io.Writer, note func(error)) error {
	before := w.pids()
	var away time.Duration
	p, err := l.during(ctx, func() error {
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
		old := w.host.PID("post")
		begun := time.Now()
		if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
			return err
		}
		for pid := old; pid == old || pid == 0; pid = w.host.PID("post") {
			if time.Since(begun) > 10*time.Second {
				return errors.New("the killed function did not come back within 10 s")
			}
			if err := sleep(ctx, time.Millisecond); err != nil {
				return err
			}
		}
		bearer, err := w.signer.Sign(w.claims)
		if err != nil {
			return err
		}
		if err := l.ask(ctx, "GET", "/post?size=1", "", bearer, 200); err != nil {
			return fmt.Errorf("after it was killed: %w", err)
		}
		away = time.Since(begun)
		return sleep(ctx, time.Second)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "post, killed by SIGKILL, answered again after %d ms; the requests it was busy with were lost\n  meanwhile:            %s\n",
		away.Milliseconds(), p)
	note(p.lost("post"))
	note(w.undisturbed(before))
	if away > returnLimit {
		note(fmt.Errorf("the killed function was away for %s; %s is the most", away, returnLimit))
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
