package main

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The proxy passes bytes on in both directions, late if it has to, and a connection ends with the other one.
func TestProxy(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "mfp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	front, back := filepath.Join(dir, "front"), filepath.Join(dir, "back")
	p, err := newProxy(front, back)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	connect := func() net.Conn {
		conn, err := net.Dial("unix", front)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		return conn
	}
	if text, err := io.ReadAll(connect()); err == nil && len(text) > 0 {
		t.Errorf("without a server a client gets %q, want the end", text)
	}
	listener, err := net.Listen("unix", back)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			for range 2 {
				buffer := make([]byte, 4)
				if _, err := io.ReadFull(conn, buffer); err == nil {
					conn.Write([]byte(string(buffer) + "!"))
				}
			}
			conn.Close()
		}
	}()
	conn := connect()
	for _, delay := range []time.Duration{0, 50 * time.Millisecond} {
		p.delay.Store(int64(delay))
		start := time.Now()
		conn.Write([]byte("ping"))
		buffer := make([]byte, 5)
		if _, err := io.ReadFull(conn, buffer); err != nil || string(buffer) != "ping!" {
			t.Errorf("got %q, %v", buffer, err)
		}
		if took := time.Since(start); took < delay {
			t.Errorf("a round trip took %s, want at least %s", took, delay)
		}
	}
	if rest, err := io.ReadAll(conn); err != nil || len(rest) > 0 {
		t.Errorf("after the server has closed: %q, %v, want the end", rest, err)
	}
}
