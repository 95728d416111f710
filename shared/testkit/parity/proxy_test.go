package parity

import (
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"minifb/shared/config"
)

// A proxy passes connections on to a database until a test cuts them.
type proxy struct {
	url      string // of the database through the proxy, with {function}
	ownerURL string // the same for the owner of the tables
	listener net.Listener
	stalled  atomic.Int64 // how often stall was called
	mu       sync.Mutex
	open     map[net.Conn]bool
}

// newProxy starts a proxy to the database at address, on a socket in dir.
func newProxy(t *testing.T, address, dir string) *proxy {
	t.Helper()
	target, err := pgx.ParseConfig(address)
	must(t, err)
	listener, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	must(t, err)
	proxied := url.URL{
		Scheme: "postgres", User: url.UserPassword(target.User, target.Password), Path: "/" + target.Database,
		RawQuery: url.Values{"host": {dir}, "port": {"5432"}}.Encode(),
	}
	owner := proxied.String()
	p := &proxy{ownerURL: owner, listener: listener, open: map[net.Conn]bool{}}
	p.url = strings.Replace(owner, proxied.User.String(), "minifb_"+config.FunctionPlaceholder, 1)
	network, server := pgconn.NetworkAddress(target.Host, target.Port)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			database, err := net.Dial(network, server)
			if err != nil {
				_ = client.Close()
				continue
			}
			p.add(client, database)
			stalled := p.stalled.Load()
			go p.copy(client, database, stalled)
			go p.copy(database, client, stalled)
		}
	}()
	t.Cleanup(p.cut)
	return p
}

func (p *proxy) add(connections ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range connections {
		p.open[c] = true
	}
}

// copy passes bytes on until stall was called more often than at the connection's start. It then
// drops them, and neither side learns of it.
func (p *proxy) copy(to, from net.Conn, stalled int64) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			break
		}
		if p.stalled.Load() == stalled {
			_, _ = to.Write(buffer[:n])
		}
	}
	_, _ = to.Close(), from.Close()
}

// stall makes every open connection a dead one, as a firewall that forgets them does. New
// connections work.
func (p *proxy) stall() { p.stalled.Add(1) }

// cut closes every connection and accepts no other.
func (p *proxy) cut() {
	_ = p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close()
	}
}
