// Command render writes a host's nginx/nginx.conf and systemd/* into the folder -out, from
// template.yaml; the flags in force, host.flags; the units of backups, backups/*, for a host with a
// PostgreSQL of its own; with -metrics also prometheus/*. With -hosts it writes haproxy/haproxy.cfg
// instead, for the balancer in front of these hosts.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "render:", err)
		os.Exit(1)
	}
}

func run() error {
	out := flag.String("out", "rendered", "the `folder` to write to")
	from := flag.String("template", "template.yaml", "the SAM template")
	trust := flag.String("trust", "",
		"the `addresses` of load balancers, such as 10.0.0.0/16,…; nginx trusts their X-Forwarded-For")
	n := render.Nginx{Draining: render.Settings + "/draining"} // make drain creates it
	hosts := flag.String("hosts", "",
		"for a balancer: its `hosts`, each an address with the ports of nginx and of -health, such as "+
			"10.0.0.5:80/8081,10.0.0.6:80/8081; -listen, -cert, -redirect and -metrics are the balancer's then")
	hostFlags(&n)
	stored := flag.String("stored", "", "a `file` of a host's flags, which those of the command line replace")
	flag.Parse()
	if err := addStored(flag.CommandLine, *stored); err != nil {
		return err
	}
	if n.Listen == "" {
		n.Listen = "80"
		if n.Certificate != "" {
			n.Listen = "443"
		}
	}
	var err error
	if n.Trust, err = prefixes(*trust); err != nil {
		return fmt.Errorf("-trust: %w", err)
	}
	template, err := sam.Load(*from)
	if err != nil {
		return err
	}
	if *hosts != "" {
		return writeBalancer(*out, *hosts, n, template, *stored)
	}
	files := map[string]string{"host.flags": inForce(flag.CommandLine)}
	var configuration bytes.Buffer
	if err := n.Configuration(&configuration, template); err != nil {
		return err
	}
	files["nginx/nginx.conf"] = configuration.String()
	units, err := addUnits(files, template)
	if err != nil {
		return err
	}
	if n.Metrics != "" {
		var prometheus bytes.Buffer
		if err := n.Prometheus(&prometheus, template); err != nil {
			return err
		}
		files["prometheus/prometheus.yml"], files["prometheus/alarms.yml"] = prometheus.String(), render.Alarms
	}
	if err := write(*out, files); err != nil {
		return err
	}
	fmt.Printf("wrote %s/nginx/nginx.conf, and %d units in %s/systemd\n", *out, units, *out)
	return nil
}

// hostFlags adds the flags of a host's nginx.
func hostFlags(n *render.Nginx) {
	flag.StringVar(&n.Listen, "listen", "", "nginx's `port`, or address:port (default 80, or 443 with a certificate)")
	flag.StringVar(&n.Certificate, "cert", "", "the certificate's PEM `file`, for TLS and HTTP/2")
	flag.StringVar(&n.Key, "key", "", "the certificate's key, a PEM `file`")
	flag.StringVar(&n.Redirect, "redirect", "",
		"with a certificate: the `port` that redirects HTTP to HTTPS; browsers then use nothing else for a year (HSTS)")
	flag.StringVar(&n.Health, "health", "",
		"the `address:port` where load balancers ask GET /health whether this host can serve, such as 10.0.0.5:8081")
	flag.StringVar(&n.Metrics, "metrics", "",
		"the `address:port` where Prometheus reads the functions' metrics, such as 127.0.0.1:9180")
	flag.StringVar(&n.Backups, "backups", "", "with -metrics: the `folder` of the metrics of backups")
	flag.StringVar(&n.Sockets, "sockets", render.Sockets, "the `folder` of the functions' sockets")
	flag.StringVar(&n.State, "state", "/var/lib/nginx", "the `folder` of nginx's temporary files")
	flag.StringVar(&n.Logs, "logs", "/var/log/nginx", "the `folder` of nginx's logs")
	flag.StringVar(&n.Refused, "refused", render.RefusedLog, "nginx's `log` of the requests that it refuses itself")
	flag.StringVar(&n.PID, "pid", "/run/nginx.pid", "the `file` of nginx's process id")
	flag.StringVar(&n.User, "user", "www-data", "the `user` of nginx's workers; empty where root does not start nginx")
}

// prefixes returns the networks in a list with commas.
func prefixes(list string) (all []netip.Prefix, err error) {
	if list == "" {
		return nil, nil
	}
	for address := range strings.SplitSeq(list, ",") {
		prefix, err := netip.ParsePrefix(address)
		if err != nil {
			return nil, err
		}
		all = append(all, prefix)
	}
	return all, nil
}

// addUnits adds the units to the files, and returns how many functions have.
func addUnits(files map[string]string, template *sam.Template) (int, error) {
	units, err := render.Units(template)
	if err != nil {
		return 0, err
	}
	backups, err := render.BackupUnits()
	if err != nil {
		return 0, err
	}
	for name, text := range units {
		files["systemd/"+name] = text
	}
	for name, text := range backups {
		files["backups/"+name] = text
	}
	return len(units), nil
}

// write writes files into folders that have no others afterwards: those of functions that no longer
// exist must not remain.
func write(out string, files map[string]string) error {
	for _, folder := range []string{"nginx", "systemd", "backups", "prometheus", "haproxy"} {
		if err := os.RemoveAll(filepath.Join(out, folder)); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(out, folder), 0o755); err != nil { //nolint:gosec // nginx reads it
			return err
		}
	}
	for name, text := range files {
		path := filepath.Join(out, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil { //nolint:gosec // nginx and systemd read it
			return err
		}
	}
	return nil
}
