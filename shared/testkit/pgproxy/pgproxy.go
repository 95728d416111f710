// Package pgproxy passes connections on to a PostgreSQL server, for tests and tools that disturb them.
package pgproxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"minifb/shared/ops/postgres"
)

const socketName = ".s.PGSQL.5432"

// A Proxy passes connections on to one PostgreSQL server. It is safe for concurrent use.
type Proxy struct {
	URL          string // of the database through the proxy, for the user of the URL that New got
	FunctionsURL string // the same, with the role of each function as the user

	network, server string // the server's address
	filter          Filter
	dir             string // of the socket
	listener        net.Listener
	stalls          atomic.Int64

	mu     sync.Mutex
	open   map[net.Conn]bool
	closed bool
}

// A Filter is called with the bytes that a client or the server has sent, before they are passed on. It may wait. If
// it returns false, both connections are closed instead.
type Filter func(fromServer bool, bytes []byte) bool

// New starts a proxy in front of the database with this URL, until Close. Without a filter all is passed on.
func New(address string, filter Filter) (*Proxy, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("the database's URL: %w", err)
	}
	p := &Proxy{network: "tcp", server: u.Host, filter: filter, open: map[net.Conn]bool{}}
	query := u.Query()
	if sockets := query.Get("host"); sockets != "" {
		p.network, p.server = "unix", filepath.Join(sockets, ".s.PGSQL."+query.Get("port"))
	}
	if p.dir, err = os.MkdirTemp("", "pgproxy"); err != nil {
		return nil, fmt.Errorf("a folder for the proxy's socket: %w", err)
	}
	if p.listener, err = net.Listen("unix", filepath.Join(p.dir, socketName)); err != nil {
		return nil, errors.Join(fmt.Errorf("listen in front of PostgreSQL: %w", err), os.RemoveAll(p.dir))
	}
	query.Set("host", p.dir)
	query.Set("port", "5432")
	u.Host = ""
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20") // neither pgx nor libpq reads + as a space
	p.URL = u.String()
	if p.FunctionsURL, err = postgres.FunctionsURL(p.URL); err != nil {
		return nil, errors.Join(err, p.listener.Close(), os.RemoveAll(p.dir))
	}
	go p.accept()
	return p, nil
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			go p.pass(client)
		}
	}
}

// pass passes bytes on in both directions until one side ends.
func (p *Proxy) pass(client net.Conn) {
	defer client.Close()
	var dialer net.Dialer
	server, err := dialer.DialContext(context.Background(), p.network, p.server)
	if err != nil {
		return // the client sees a connection that ends at once
	}
	defer server.Close()
	if !p.add(client, server) {
		return
	}
	defer p.remove(client, server)
	stalls := p.stalls.Load()
	var group sync.WaitGroup
	group.Go(func() { p.copy(client, server, true, stalls) })
	p.copy(server, client, false, stalls)
	group.Wait()
}

// copy passes bytes on in one direction, and drops them once Stall has been called again.
func (p *Proxy) copy(to, from net.Conn, fromServer bool, stalls int64) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			return
		}
		if p.stalls.Load() != stalls {
			continue
		}
		if p.filter != nil && !p.filter(fromServer, buffer[:n]) {
			return
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// add reports false after Close.
func (p *Proxy) add(connections ...net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range connections {
		p.open[c] = true
	}
	return !p.closed
}

func (p *Proxy) remove(connections ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range connections {
		delete(p.open, c)
	}
}

// Stall makes every open connection a dead one, as a firewall that forgets them does: what either side sends is
// dropped. New connections work.
func (p *Proxy) Stall() { p.stalls.Add(1) }

// Close closes every connection, and accepts no other. It may be called again.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	_ = os.RemoveAll(p.dir)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for c := range p.open {
		_ = c.Close()
	}
}
