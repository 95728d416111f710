package function

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"minifb/shared/api"
)

// A pipeListener accepts connections in memory. With them a server runs on the clock of
// testing/synctest, which passes a minute at once.
type pipeListener struct {
	connections chan net.Conn
	closed      <-chan struct{}
	close       func() // may be called again
}

func newPipeListener() pipeListener {
	closed := make(chan struct{})
	return pipeListener{make(chan net.Conn), closed, sync.OnceFunc(func() { close(closed) })}
}

func (l pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.connections:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l pipeListener) Close() error { l.close(); return nil }

func (pipeListener) Addr() net.Addr { return &net.UnixAddr{Net: "unix", Name: "in memory"} }

// A served is a server in memory. GET /wait/{duration} responds after that time, GET /page with
// more than net/http buffers, and GET /large with more than a connection does.
type served struct {
	listener pipeListener
	stop     context.CancelFunc
	ended    chan error // what serve has returned
}

const servedTimeout = 40 * time.Second // the time limit of one request

func startServed(t *testing.T) served {
	t.Helper()
	routes := func(a *api.API, _ Deps) {
		a.Handle("GET /wait/{duration}", func(w http.ResponseWriter, r *http.Request) {
			d, _ := time.ParseDuration(r.PathValue("duration"))
			time.Sleep(d)
			_, _ = io.WriteString(w, "waited")
		})
		a.Handle("GET /page", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 6000))
		})
		a.Handle("POST /refused", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		})
		a.Handle("GET /large", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(bytes.Repeat([]byte("x"), 1<<20))
		})
	}
	log := slog.New(slog.DiscardHandler)
	ctx, stop := context.WithCancel(t.Context())
	s := served{newPipeListener(), stop, make(chan error, 1)}
	h := NewHandler("test", routes, Deps{}, Settings{Timeout: servedTimeout, Log: log})
	go func() { s.ended <- serve(ctx, s.listener, h, log) }()
	return s
}

// dial returns the client's end of a connection, on which text was sent.
func (s served) dial(t *testing.T, text string) net.Conn {
	t.Helper()
	client, server := net.Pipe()
	s.listener.connections <- server
	t.Cleanup(func() { _ = client.Close() })
	_, _ = io.WriteString(client, text) // fails when the server stops reading
	return client
}

// response returns the next response on a connection, with its body.
func response(t *testing.T, c net.Conn) (*http.Response, string) {
	t.Helper()
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r, string(body)
}

// untilClosed returns how long it takes until the server closes the connection, and what it sends
// before.
func untilClosed(t *testing.T, c net.Conn) (time.Duration, string) {
	t.Helper()
	start := time.Now()
	sent, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return time.Since(start), string(sent)
}

// end stops the server, and checks how serving has ended.
func (s served) end(t *testing.T, want error) {
	t.Helper()
	s.stop()
	if err := <-s.ended; !errors.Is(err, want) {
		t.Errorf("serving ended with %v, want %v", err, want)
	}
}

const get1 = "GET /wait/0s HTTP/1.1\r\nHost: x\r\n"

// A client has 5 s for the headers of a request. It cannot hold a connection by sending a line now and then.
func TestHeadersMustEndWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startServed(t)
		silent := s.dial(t, get1)
		took, _ := untilClosed(t, silent)
		if took != 5*time.Second {
			t.Errorf("unfinished headers hold a connection for %v, want 5s", took)
		}
		slow := s.dial(t, get1)
		start := time.Now()
		for i := 0; ; i++ {
			if _, err := fmt.Fprintf(slow, "X-%d: y\r\n", i); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		if took := time.Since(start); took > 6*time.Second {
			t.Errorf("a line each second holds a connection for %v, want 5s", took)
		}
		second := s.dial(t, get1+"\r\n")
		response(t, second)
		time.Sleep(time.Minute) // a connection may be idle for longer
		_, _ = io.WriteString(second, get1)
		if took, _ := untilClosed(t, second); took != 5*time.Second {
			t.Errorf("unfinished headers of a second request hold a connection for %v, want 5s", took)
		}
		s.end(t, nil)
	})
}

// Headers of 32 KiB are read, and larger ones are refused without being read to their end.
func TestHeadersHaveALargestSize(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startServed(t)
		large := s.dial(t, get1+"X: "+strings.Repeat("x", 31<<10)+"\r\n\r\n")
		if r, _ := response(t, large); r.StatusCode != http.StatusOK {
			t.Errorf("31 KiB: status %d, want 200", r.StatusCode)
		}
		client, server := net.Pipe()
		s.listener.connections <- server
		sent := make(chan int)
		go func() {
			n, _ := io.WriteString(client, get1+"X: "+strings.Repeat("x", 10<<20))
			sent <- n
		}()
		r, body := response(t, client)
		if r.StatusCode != http.StatusRequestHeaderFieldsTooLarge || !strings.Contains(body, "hint") {
			t.Errorf("10 MiB: %d %s, want 431 and a hint", r.StatusCode, body)
		}
		if n := <-sent; n > 64<<10 {
			t.Errorf("%d bytes of the headers were read", n)
		}
		_ = client.Close()
		s.end(t, nil)
	})
}

// The proxy in front closes idle connections, after 75 s at most. If the function did, a request might
// just be on its way. But it does not keep them forever.
func TestIdleConnectionsOutlastTheProxys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startServed(t)
		c := s.dial(t, get1+"\r\n")
		response(t, c)
		if took, _ := untilClosed(t, c); took < 80*time.Second || took > 2*time.Minute {
			t.Errorf("an idle connection is closed after %v, want 80s to 2m", took)
		}
		s.end(t, nil)
	})
}

// A client that does not read its response holds it for 30 s after the time limit at most.
func TestResponsesMustBeRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startServed(t)
		const request = "GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
		late := s.dial(t, request)
		time.Sleep(servedTimeout + 29*time.Second)
		if _, body := response(t, late); len(body) != 1<<20 {
			t.Errorf("a late client gets %d bytes, want all", len(body))
		}
		never := s.dial(t, request)
		time.Sleep(servedTimeout + 31*time.Second)
		if _, sent := untilClosed(t, never); len(sent) >= 1<<20 {
			t.Errorf("a response is kept for more than 30 s after the time limit")
		}
		s.end(t, nil)
	})
}

// A draining function finishes the requests under way, and serves those that arrive on kept connections
// for longer than the 100 ms after which nginx drops an idle one.
func TestDrainFinishesRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startServed(t)
		kept := s.dial(t, get1+"\r\n")
		if r, _ := response(t, kept); r.Close {
			t.Error("a connection is closed before the drain")
		}
		slow := s.dial(t, "GET /wait/14s HTTP/1.1\r\nHost: x\r\n\r\n")
		synctest.Wait()
		s.stop()
		time.Sleep(150 * time.Millisecond)
		_, _ = io.WriteString(kept, get1+"\r\n")
		for name, c := range map[string]net.Conn{"on a kept connection": kept, "under way": slow} {
			if r, body := response(t, c); !r.Close || body != "waited" {
				t.Errorf("a request %s: %q, and the connection is closed: %t; want a response that closes it",
					name, body, r.Close)
			}
		}
		s.end(t, nil)
	})
}

// A drain ends after 15 s, whatever is under way.
func TestDrainIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startServed(t)
		c := s.dial(t, "GET /wait/30s HTTP/1.1\r\nHost: x\r\n\r\n")
		synctest.Wait()
		start := time.Now()
		s.end(t, context.DeadlineExceeded)
		if took := time.Since(start); took < 15*time.Second || took > 16*time.Second {
			t.Errorf("the drain took %v, want 15s", took)
		}
		response(t, c) // whoever waited longer would get it
	})
}

// A body that is refused is read before the response is sent.
func TestTheRestOfABodyIsRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startServed(t)
		c := s.dial(t, "POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 70000\r\n\r\n")
		if _, err := c.Write(make([]byte, 60_000)); err != nil {
			t.Fatal(err)
		}
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		if n, err := c.Read(make([]byte, 100)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("before the end of the body: %d bytes, %v", n, err)
		}
		_ = c.SetReadDeadline(time.Time{})
		if _, err := c.Write(make([]byte, 10_000)); err != nil {
			t.Fatal(err)
		}
		if r, body := response(t, c); r.StatusCode != 413 || !r.Close {
			t.Errorf("%d %s, close: %t", r.StatusCode, body, r.Close)
		}
		// Nobody waits for a body that its client holds back until it is asked for it.
		c = s.dial(t, "POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
		if r, body := response(t, c); r.StatusCode != 413 {
			t.Errorf("with Expect: %d %s", r.StatusCode, body)
		}
		s.end(t, nil)
	})
}

// A page of a list is sent by one write, with its header.
func TestAPageIsSentAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startServed(t)
		c := s.dial(t, "GET /page HTTP/1.1\r\nHost: x\r\n\r\n")
		sent := make([]byte, 10_000)
		n, err := c.Read(sent)
		if header, body, _ := strings.Cut(string(sent[:n]), "\r\n\r\n"); err != nil || len(body) != 6000 {
			t.Errorf("the first of the writes has %d bytes of the body, after\n%s\n%v", len(body), header, err)
		}
		_ = c.Close()
		s.end(t, nil)
	})
}
