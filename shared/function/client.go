package function

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"minifb/shared/config"
)

// clientAddress returns the address that a request comes from, or an invalid one if that is not
// known.
//
// Each proxy adds the address of its own peer to the end of X-Forwarded-For; the entries before it
// were sent by the client, who may claim anything. So the last address counts that no trusted proxy
// has. On a unix socket the peer is a proxy of this machine, nginx or the local gateway, and is
// trusted. On Lambda the header holds what the event reports.
func clientAddress(r *http.Request, trusted config.Networks) netip.Addr {
	var client netip.Addr
	if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); !ok || local.Network() != "unix" {
		client = parseAddress(r.RemoteAddr)
		if !trusted.Contains(client) {
			return client
		}
	}
	for _, entry := range slices.Backward(strings.Split(r.Header.Get("X-Forwarded-For"), ",")) {
		address := parseAddress(strings.TrimSpace(entry))
		if !address.IsValid() {
			break
		}
		client = address
		if !trusted.Contains(client) {
			break
		}
	}
	return client
}

// parseAddress returns an address that may have a port, or an invalid one if text is none.
func parseAddress(text string) netip.Addr {
	address, err := netip.ParseAddr(text)
	if err != nil {
		withPort, _ := netip.ParseAddrPort(text) // the zero value, if text is none either
		address = withPort.Addr()
	}
	return address.Unmap().WithZone("")
}
