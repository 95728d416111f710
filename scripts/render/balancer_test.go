package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
)

// writeFor writes the configuration of a balancer and returns it.
func writeFor(t *testing.T, hosts string, n render.Nginx, stored string) (string, error) {
	t.Helper()
	template, err := sam.Load("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if err := writeBalancer(out, hosts, n, template, stored); err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(out, "haproxy", "haproxy.cfg"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text), nil
}

func TestBalancerOfHosts(t *testing.T) {
	t.Parallel()
	text, err := writeFor(t, "10.0.0.5:80/8081,[fd00::6]:8080/8081", render.Nginx{
		Listen: "443", Certificate: "/etc/ssl/a.pem", Key: "/etc/ssl/a.pem.key", Redirect: "80",
		Metrics: "10.0.0.4:9101",
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"\tserver 10.0.0.5:80 10.0.0.5:80 addr 10.0.0.5 port 8081\n",
		"\tserver fd00::6:8080 [fd00::6]:8080 addr fd00::6 port 8081\n",
		"\tbind :443 ssl crt /etc/ssl/a.pem ", "\tbind :80\n", "\tbind 10.0.0.4:9101\n",
		"\tuser haproxy\n", "\tchroot /var/lib/haproxy\n",
		"\tstats socket /run/haproxy/admin.sock mode 600 level admin ",
		"\ttimeout server 22s ", // the template's longest Timeout is 15 s; nginx adds one to read, and five to connect
	} {
		if !strings.Contains(text, want) {
			t.Errorf("haproxy.cfg lacks %q", want)
		}
	}
}

func TestWrongFlagsOfABalancerAreRefused(t *testing.T) {
	t.Parallel()
	const hosts = "10.0.0.5:80/8081"
	for want, c := range map[string]struct {
		hosts  string
		n      render.Nginx
		stored string
	}{
		"with two ports":           {hosts: "10.0.0.5:80"},
		`"a:80/8081"`:              {hosts: hosts + ",a:80/8081"},
		`"10.0.0.6:80/99999"`:      {hosts: hosts + ",10.0.0.6:80/99999"},
		"-stored, -trust":          {hosts: hosts, stored: "host.flags"},
		"-trust and -health":       {hosts: hosts, n: render.Nginx{Health: "10.0.0.5:8081"}},
		"leave out -key":           {hosts: hosts, n: render.Nginx{Certificate: "/a.pem", Key: "/b.key"}},
		"named twice":              {hosts: hosts + "," + hosts},
		"not a valid setting of H": {hosts: hosts, n: render.Nginx{Listen: "80 x"}},
	} {
		if _, err := writeFor(t, c.hosts, c.n, c.stored); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", c, err, want)
		}
	}
}
