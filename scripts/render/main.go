// Command render writes, into the folder -out, what a host needs of template.yaml: nginx/nginx.conf and systemd/*.
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
	out := flag.String("out", "rendered", "the `folder` to write into")
	from := flag.String("template", "template.yaml", "the SAM template")
	trust := flag.String("trust", "", "load balancers in front, as `10.0.0.0/16,…`: their X-Forwarded-For is believed")
	var n render.Nginx
	flag.StringVar(&n.Listen, "listen", "", "nginx's `port`, or address:port (default 80, with a certificate 443)")
	flag.StringVar(&n.Certificate, "cert", "", "the certificate's PEM `file`; with it nginx speaks TLS and HTTP/2")
	flag.StringVar(&n.Key, "key", "", "the certificate's key, a PEM `file`")
	flag.StringVar(&n.Redirect, "redirect", "", "with a certificate: the `port` whose plain HTTP is sent to HTTPS")
	flag.StringVar(&n.Sockets, "sockets", render.Sockets, "the `folder` of the functions' sockets")
	flag.StringVar(&n.State, "state", "/var/lib/nginx", "the `folder` of nginx's temporary files")
	flag.StringVar(&n.Logs, "logs", "/var/log/nginx", "the `folder` of nginx's logs")
	flag.StringVar(&n.PID, "pid", "/run/nginx.pid", "the `file` of nginx's process id")
	flag.StringVar(&n.User, "user", "www-data", "whom nginx's workers run as; empty where nginx is not started as root")
	flag.Parse()
	if n.Listen == "" {
		n.Listen = "80"
		if n.Certificate != "" {
			n.Listen = "443"
		}
	}
	if *trust != "" {
		for address := range strings.SplitSeq(*trust, ",") {
			prefix, err := netip.ParsePrefix(address)
			if err != nil {
				return fmt.Errorf("-trust: %w", err)
			}
			n.Trust = append(n.Trust, prefix)
		}
	}
	template, err := sam.Load(*from)
	if err != nil {
		return err
	}
	var configuration bytes.Buffer
	if err := n.Configuration(&configuration, template); err != nil {
		return err
	}
	files, err := render.Units(template)
	if err != nil {
		return err
	}
	for _, folder := range []string{"nginx", "systemd"} {
		// What an earlier run wrote for a function that is no more must not stay.
		if err := os.RemoveAll(filepath.Join(*out, folder)); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(*out, folder), 0o755); err != nil { //nolint:gosec // for all to read
			return err
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(*out, "systemd", name), []byte(text), 0o644); err != nil { //nolint:gosec // for all to read
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(*out, "nginx", "nginx.conf"), configuration.Bytes(), 0o644); err != nil { //nolint:gosec // for all to read
		return err
	}
	fmt.Printf("wrote %s/nginx/nginx.conf and %d units into %s/systemd\n", *out, len(files), *out)
	return nil
}
