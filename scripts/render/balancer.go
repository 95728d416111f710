package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
)

// balancerSocket is where HAProxy takes orders, in the folder that Debian's package creates.
const balancerSocket = "/run/haproxy/admin.sock"

// writeBalancer writes the configuration of a balancer in front of the hosts into the folder out. It takes the flags
// of n that a balancer has too, and refuses those that only a host has.
func writeBalancer(out, hosts string, n render.Nginx, template *sam.Template, stored string) error {
	if stored != "" || n.Trust != nil || n.Health != "" {
		return errors.New("-hosts is for a balancer; -stored, -trust and -health are for a host")
	}
	if n.Key != "" && n.Key != n.Certificate+".key" {
		return fmt.Errorf("HAProxy reads the key from the file of the certificate, or from %s.key: leave out -key",
			n.Certificate)
	}
	x := render.HAProxy{
		Listen: n.Listen, Certificate: n.Certificate, Redirect: n.Redirect, Metrics: n.Metrics,
		Socket: balancerSocket, User: "haproxy",
	}
	var err error
	if x.Hosts, err = balanced(hosts); err != nil {
		return fmt.Errorf("-hosts: %w", err)
	}
	var configuration bytes.Buffer
	if err := x.Configuration(&configuration, template); err != nil {
		return err
	}
	if err := write(out, map[string]string{"haproxy/haproxy.cfg": configuration.String()}); err != nil {
		return err
	}
	fmt.Printf("wrote %s/haproxy/haproxy.cfg, for %d hosts\n", out, len(x.Hosts))
	return nil
}

// balanced returns the hosts in a list with commas, such as 10.0.0.5:80/8081.
func balanced(list string) (hosts []render.BalancedHost, err error) {
	for host := range strings.SplitSeq(list, ",") {
		address, port, _ := strings.Cut(host, "/")
		at, err1 := netip.ParseAddrPort(address)
		health, err2 := strconv.ParseUint(port, 10, 16)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("%q must be an IP address with two ports, such as 10.0.0.5:80/8081", host)
		}
		hosts = append(hosts, render.BalancedHost{
			Address: at, Health: netip.AddrPortFrom(at.Addr(), uint16(health)),
		})
	}
	return hosts, nil
}
