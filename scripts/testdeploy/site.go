package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"minifb/shared/ops/balancer"
	"minifb/shared/ops/bundle"
	"minifb/shared/ops/host"
	"minifb/shared/ops/render"
)

// A site is several hosts with one database, behind a balancer. The first host has the database, if that is private,
// and the builds.
type site struct {
	hosts    []*siteHost
	balancer *balancer.Balancer
	url      string // of the balancer
}

// A siteHost is a host of a site. Its fixture is replaced when it starts again.
type siteHost struct {
	*fixture
	render.BalancedHost
	options bundle.Options
}

// loopback is the address of the balancer, which the hosts trust.
var loopback = netip.MustParsePrefix("127.0.0.1/32")

// newSite starts n hosts with the options, each in a folder of its own, and a balancer.
func newSite(ctx context.Context, o bundle.Options, n int) (s *site, err error) {
	s = &site{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop())
		}
	}()
	dir := o.Dir
	o.Env = append(o.Env, "DATABASE_POOL=4") // the hosts' connections together are what one host has
	for i := range n {
		h := &siteHost{options: o}
		if h.options.Nginx, h.BalancedHost, err = addresses(); err != nil {
			return s, err
		}
		h.options.Dir = filepath.Join(dir, fmt.Sprintf("host%d", i+1))
		start := startFixture
		if i == 0 {
			start = newFixture
		}
		if h.fixture, err = start(ctx, h.options); err != nil {
			return s, err
		}
		s.hosts = append(s.hosts, h)
		if i == 0 { // the others have its database, its keys and its builds
			o.OwnerURL, o.DatabaseURL = h.DatabaseURL, h.FunctionsURL()
			o.Keys, o.Binaries = h.Keys(), h.Binary("")
		}
	}
	address, err := host.FreePort()
	if err != nil {
		return s, err
	}
	settings := render.HAProxy{Listen: address}
	for _, h := range s.hosts {
		settings.Hosts = append(settings.Hosts, h.BalancedHost)
	}
	folder := filepath.Join(dir, "balancer")
	if err := os.Mkdir(folder, 0o700); err != nil {
		return s, err
	}
	s.url = "http://" + address
	s.balancer, err = balancer.Start(ctx, folder, s.hosts[0].Template, settings)
	return s, err
}

// addresses returns the settings of the nginx of a new host, and where the balancer finds the host.
func addresses() (n render.Nginx, h render.BalancedHost, err error) {
	n.Trust = []netip.Prefix{loopback}
	for _, a := range []*string{&n.Listen, &n.Health} {
		if *a, err = host.FreePort(); err != nil {
			return n, h, err
		}
	}
	if h.Address, err = netip.ParseAddrPort(n.Listen); err != nil {
		return n, h, err
	}
	h.Health, err = netip.ParseAddrPort(n.Health)
	return n, h, err
}

func (s *site) stop() (err error) {
	if s.balancer != nil {
		s.balancer.Stop()
	}
	for _, h := range slices.Backward(s.hosts) { // the first one has the database
		err = errors.Join(err, h.stop())
	}
	return err
}

// last returns the host that is stopped and killed.
func (s *site) last() *siteHost { return s.hosts[len(s.hosts)-1] }

// start starts a host again that has been stopped or killed, with its releases.
func (h *siteHost) start(ctx context.Context) (err error) {
	h.fixture, err = startFixture(ctx, h.options)
	return err
}

// patience is how long the balancer may take to notice what has become of a host, and a killed host to be gone.
const patience = time.Minute

// awaitGone waits until the host accepts no connection. The kernel accepts them for a killed process until that has
// run once more, which takes some 20 ms on a busy machine, and then breaks them off.
func (h *siteHost) awaitGone(ctx context.Context) error {
	dialer := net.Dialer{Timeout: time.Second}
	for end := time.Now().Add(patience); time.Now().Before(end); {
		conn, err := dialer.DialContext(ctx, "tcp", h.Address.String())
		if errors.Is(err, syscall.ECONNREFUSED) {
			return nil
		}
		if err == nil {
			_ = conn.Close() // what it says is of no use here
		}
		if err := sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("the killed host %s refuses no connection within %s", h.Name(), patience)
}

// await waits until the balancer sees the host in a state.
func (s *site) await(ctx context.Context, h *siteHost, what string, holds func(balancer.State) bool) error {
	for end := time.Now().Add(patience); time.Now().Before(end); {
		states, err := s.balancer.States()
		if err != nil {
			return err
		}
		if holds(states[h.Name()]) {
			return nil
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("the balancer does not see within %s that the host %s %s", patience, h.Name(), what)
}

// awaitAway waits until the host gets no requests.
func (s *site) awaitAway(ctx context.Context, h *siteHost) error {
	return s.await(ctx, h, "is away", func(state balancer.State) bool { return !state.Up && state.UnderWay == 0 })
}

// awaitServing waits until the host has got another hundred requests.
func (s *site) awaitServing(ctx context.Context, h *siteHost) error {
	if err := s.await(ctx, h, "is back", func(state balancer.State) bool { return state.Up }); err != nil {
		return err
	}
	states, err := s.balancer.States()
	if err != nil {
		return err
	}
	enough := states[h.Name()].Total + 100
	return s.await(ctx, h, "serves", func(state balancer.State) bool { return state.Total >= enough })
}
