package areatest

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"minifb/shared/store"
)

// CountStatements returns another store on the server's database, and a function that returns how
// many statements it has executed.
func (s *Server) CountStatements(t testing.TB) (counted *store.Store, executed func() int64) {
	t.Helper()
	address, err := url.Parse(s.databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	var count atomic.Int64
	network, server := serverAddress(address)
	go countStatements(listener, network, server, &count)
	query := address.Query()
	query.Del("host")
	query.Del("port")
	address.Host, address.RawQuery = listener.Addr().String(), query.Encode()
	counted, err = store.Open(address.String(), "counted", 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = counted.Close() })
	return counted, count.Load
}

// serverAddress returns the address of the URL's server: the directory of a socket is in the query.
func serverAddress(u *url.URL) (network, address string) {
	if dir := u.Query().Get("host"); dir != "" {
		return "unix", filepath.Join(dir, ".s.PGSQL."+u.Query().Get("port"))
	}
	return "tcp", u.Host
}

// countStatements forwards connections to the database, and counts their statements.
func countStatements(listener net.Listener, network, database string, count *atomic.Int64) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(network, database)
		if err != nil {
			_ = client.Close()
			return
		}
		go func() {
			_, _ = io.Copy(client, server)
			_ = client.Close()
		}()
		go func() {
			forward(client, server, count)
			_ = server.Close()
		}()
	}
}

// forward copies the messages of PostgreSQL's protocol until one cannot be read. The first has no
// type; then each Execute and each Query runs a statement. A ping is a comment.
func forward(client io.Reader, server io.Writer, count *atomic.Int64) {
	for header := make([]byte, 4); ; header = make([]byte, 5) {
		if _, err := io.ReadFull(client, header); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(header[len(header)-4:])-4)
		if _, err := io.ReadFull(client, body); err != nil {
			return
		}
		isQuery := header[0] == 'Q' && !bytes.HasPrefix(body, []byte("--"))
		if len(header) == 5 && (isQuery || header[0] == 'E') {
			count.Add(1)
		}
		if _, err := server.Write(slices.Concat(header, body)); err != nil {
			return
		}
	}
}
