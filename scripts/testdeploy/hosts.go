package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// A siteTrial is a scenario of several hosts under way.
type siteTrial struct {
	scenario
	*site
	*load
	*report
}

// runOnSite runs the scenario of several hosts and returns the broken promises. The error says why it could not be
// completed.
func (s scenario) runOnSite(ctx context.Context, site *site, out io.Writer) (broken []string, err error) {
	t := siteTrial{s, site, newLoad(site.hosts[0].fixture, site.url, s.rate), &report{Writer: out}}
	defer t.load.client.Close()
	if _, err := t.during(ctx, func() error { return sleep(ctx, time.Second) }); err != nil { // warms up
		return nil, err
	}
	builds := make([]string, s.deploys)
	for i := range builds {
		if builds[i], err = site.hosts[0].newBuild(); err != nil {
			return nil, err
		}
	}
	t.printf("%d requests a second, half of them writes, to %d hosts behind HAProxy", s.rate, len(site.hosts))
	for _, part := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"nothing happens", func(ctx context.Context) error { return sleep(ctx, s.quiet) }},
		{
			fmt.Sprintf("%d builds are deployed, host after host", s.deploys),
			func(ctx context.Context) error { return t.deploy(ctx, builds) },
		},
		{"each nginx and HAProxy reload", t.reload},
		{"a host is drained, stopped, started and undrained", t.restart},
	} {
		p, err := t.during(ctx, func() error { return part.do(ctx) })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", part.what, err)
		}
		t.printf("%s\n  %s", part.what, p)
		t.check(p.lost())
	}
	if err := t.kill(ctx); err != nil {
		return nil, err
	}
	t.report.verify(ctx, t.load)
	return t.broken, nil
}

// deploy deploys the builds one after the other, each to one host after the other.
func (t siteTrial) deploy(ctx context.Context, builds []string) error {
	for i, build := range builds {
		for _, h := range t.hosts {
			old := h.post.PID()
			output, _, err := h.deploy(ctx, "-binary", build)
			if err != nil {
				return fmt.Errorf("deploy %d to %s: %w\n%s", i+1, h.Name(), err, output)
			}
			if h.post.PID() == old {
				return fmt.Errorf("deploy %d to %s did not replace the process: %s", i+1, h.Name(), output)
			}
		}
		if err := sleep(ctx, t.pause); err != nil {
			return err
		}
	}
	return nil
}

// reload lets each host's nginx read its configuration again, and then the balancer.
func (t siteTrial) reload(ctx context.Context) error {
	for _, h := range t.hosts {
		if err := h.Nginx().Reload(); err != nil {
			return err
		}
		if err := t.awaitServing(ctx, h); err != nil {
			return err
		}
	}
	if err := t.balancer.Reload(ctx); err != nil {
		return err
	}
	return t.awaitServing(ctx, t.last())
}

// restart takes a host out of service to stop it, as for a new kernel, and takes it back.
func (t siteTrial) restart(ctx context.Context) error {
	h := t.last()
	if output, _, err := h.deploy(ctx, "-do", "drain"); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	drained := time.Now()
	if err := t.awaitAway(ctx, h); err != nil {
		return err
	}
	t.printf("the balancer sent nothing more %d ms after make drain", time.Since(drained).Milliseconds())
	if err := h.stop(); err != nil {
		return err
	}
	if err := h.start(ctx); err != nil {
		return err
	}
	if output, _, err := h.deploy(ctx, "-do", "undrain"); err != nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return t.awaitServing(ctx, h)
}

// kill kills a host's processes, as the loss of its power does. The requests that it was serving are lost, and no
// other.
func (t siteTrial) kill(ctx context.Context) error {
	h := t.last()
	var killed time.Time
	p, err := t.during(ctx, func() error {
		if err := t.awaitServing(ctx, h); err != nil {
			return err
		}
		h.Kill()
		if err := h.awaitGone(ctx); err != nil {
			return err
		}
		killed = time.Now()
		if err := t.awaitAway(ctx, h); err != nil {
			return err
		}
		t.printf("the balancer noticed after %d ms that a host was killed", time.Since(killed).Milliseconds())
		if err := h.stop(); err != nil { // what a dead host leaves in this process
			return err
		}
		if err := h.start(ctx); err != nil {
			return err
		}
		return t.awaitServing(ctx, h)
	})
	if err != nil {
		return fmt.Errorf("a host is killed: %w", err)
	}
	t.printf("a host is killed and starts again; the requests that it was serving are lost\n  %s", p)
	t.check(p.lostBefore(killed))
	return nil
}

// lostBefore returns an error if a request failed that was sent later than this, or that failed in another way than
// by a 503 or a connection that broke off.
func (p *phase) lostBefore(end time.Time) error {
	for _, f := range p.failed {
		if f.at.After(end) || !strings.Contains(f.what, ": 503 ") && !strings.HasSuffix(f.what, "EOF") {
			return fmt.Errorf("%d requests were lost; one of them was sent %s after the host was killed: %s",
				len(p.failed), f.at.Sub(end), f.what)
		}
	}
	return nil
}
