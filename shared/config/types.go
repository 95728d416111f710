package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
	_ "time/tzdata" // a host or Lambda may have no time zones
)

// An Address is where a function listens, such as unix:/run/post.sock or tcp:127.0.0.1:8081.
type Address struct {
	Network string // unix or tcp
	Address string // a path, or a host and port
}

// UnmarshalText parses an address.
func (a *Address) UnmarshalText(text []byte) error {
	network, address, _ := strings.Cut(string(text), ":")
	switch network {
	case "unix":
		if address == "" {
			return errors.New("the path of the socket is missing")
		}
	case "tcp":
		if _, _, err := net.SplitHostPort(address); err != nil {
			return fmt.Errorf("not a host and port: %w", err)
		}
	default:
		return errors.New("the network is neither unix nor tcp")
	}
	*a = Address{network, address}
	return nil
}

// Networks is a list of IP networks, separated by commas. An address is a network of one.
type Networks []netip.Prefix

// UnmarshalText parses a list. White space around its parts is ignored.
func (n *Networks) UnmarshalText(text []byte) error {
	var networks Networks
	for part := range strings.SplitSeq(string(text), ",") {
		part = strings.TrimSpace(part)
		network, err := netip.ParsePrefix(part)
		if address, isAddress := netip.ParseAddr(part); isAddress == nil && address.Zone() == "" {
			network, err = address.Prefix(address.BitLen())
		}
		if err != nil {
			return fmt.Errorf("not an IP network: %w", err)
		}
		if network.Addr().Is4In6() {
			return errors.New("an IPv4 network is written as IPv6")
		}
		networks = append(networks, network)
	}
	*n = networks
	return nil
}

// Contains reports whether the address is in one of the networks.
func (n Networks) Contains(address netip.Addr) bool {
	for _, network := range n {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// A TimeZone is a time zone of the IANA database, such as Asia/Seoul.
type TimeZone struct{ location *time.Location }

// UnmarshalText looks up a name. It refuses Local, which differs between hosts.
func (z *TimeZone) UnmarshalText(text []byte) error {
	name := string(text)
	if name == "" || name == "Local" {
		return errors.New("not the name of a time zone")
	}
	location, err := time.LoadLocation(name)
	if err != nil {
		return fmt.Errorf("not the name of a time zone: %w", err)
	}
	z.location = location
	return nil
}

// Location returns the zone.
func (z TimeZone) Location() *time.Location { return z.location }
