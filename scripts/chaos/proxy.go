package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A proxy passes connections on to PostgreSQL, and can make every round trip slower.
type proxy struct {
	listener net.Listener
	target   string       // the path of PostgreSQL's socket
	delay    atomic.Int64 // nanoseconds before what a client has sent is passed on
}

// newProxy listens on the path of a unix socket, until close.
func newProxy(path, target string) (*proxy, error) {
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen in front of PostgreSQL: %w", err)
	}
	p := &proxy{listener: listener, target: target}
	go p.serve()
	return p, nil
}

func (p *proxy) close() { _ = p.listener.Close() }

func (p *proxy) serve() {
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

// pass copies in both directions until one side ends.
func (p *proxy) pass(client net.Conn) {
	defer client.Close()
	var dialer net.Dialer
	server, err := dialer.DialContext(context.Background(), "unix", p.target)
	if err != nil {
		return // the client sees a connection that ends at once
	}
	defer server.Close()
	var group sync.WaitGroup
	group.Go(func() {
		_, _ = io.Copy(client, server) // either side may end at any time
		_ = client.Close()
	})
	p.copySlowly(server, client)
	_ = server.Close()
	group.Wait()
}

func (p *proxy) copySlowly(server, client net.Conn) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if n > 0 {
			time.Sleep(time.Duration(p.delay.Load()))
			if _, err := server.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
