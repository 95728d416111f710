package render_test

import (
	"io"
	"net/netip"
	"strings"
	"testing"

	"minifb/shared/ops/render"
)

// Lines whose effect shows only after a long time, under great load or in a race.
func TestBalancerConfigurationSays(t *testing.T) {
	t.Parallel()
	at := netip.MustParseAddrPort("10.0.0.5:80")
	var text strings.Builder
	x := render.HAProxy{Listen: "80", Hosts: []render.BalancedHost{{Address: at, Health: at}}, User: "haproxy"}
	if err := x.Configuration(&text, parse(t, template)); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"user haproxy", "group haproxy", "chroot /var/lib/haproxy", "hard-stop-after 90s", "maxconn 8000",
		"backlog 4096", "option idle-close-on-response", "retries 3", "retry-on conn-failure", "balance leastconn",
		"timeout http-keep-alive 75s", "timeout client 30s", "timeout queue 5s", "timeout connect 1s",
		"timeout check 2s",
	} {
		if !strings.Contains(text.String(), "\n\t"+line) {
			t.Errorf("haproxy.cfg lacks %q", line)
		}
	}
}

func TestBalancerConfigurationRefuses(t *testing.T) {
	t.Parallel()
	at := netip.MustParseAddrPort("10.0.0.5:80")
	one := []render.BalancedHost{{Address: at, Health: at}}
	zone := netip.MustParseAddrPort("[fe80::1%eth0]:80")
	for want, x := range map[string]render.HAProxy{
		"at least one host":     {Listen: "80"},
		"named twice":           {Listen: "80", Hosts: append(one, one...)},
		"the IP addresses":      {Listen: "80", Hosts: []render.BalancedHost{{Address: at}}},
		"without a zone":        {Listen: "80", Hosts: []render.BalancedHost{{Address: zone, Health: at}}},
		"needs a certificate":   {Listen: "80", Hosts: one, Redirect: "80"},
		"not a valid setting":   {Listen: "80\n\tevil", Hosts: one},
		"no IP address and por": {Listen: "80", Hosts: one, Metrics: "9101"},
	} {
		if err := x.Configuration(io.Discard, parse(t, template)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", x, err, want)
		}
	}
}
