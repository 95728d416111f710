package bundle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"syscall"

	"minifb/shared/api"
	"minifb/shared/ops/gateway"
	"minifb/shared/ops/host"
	"minifb/shared/ops/process"
)

// serve starts the gateway on the listeners, or nginx.
func (b *Bundle) serve(context.Context) (result string, err error) {
	if b.o.Host {
		return b.startNginx()
	}
	if b.gatewayLog, err = process.OpenLog(b.Log("gateway")); err != nil {
		return "", err
	}
	errorLog := slog.NewLogLogger(slog.NewJSONHandler(b.gatewayLog, nil), slog.LevelWarn)
	if b.refusedLog, err = process.OpenLog(b.Log("refused")); err != nil {
		return "", err
	}
	refused := gateway.NewRefusedLog(b.refusedLog)
	b.server = gateway.NewServer(b.Template, b.dir.socket, errorLog, refused)
	unreadable := func(status int) { refused.Add("", status, 0) }
	for _, listener := range b.listeners {
		go func() { _ = b.server.Serve(api.JSONErrors(listener, unreadable)) }() // returns when it is shut down
	}
	b.URL = "http://" + b.listeners[0].Addr().String()
	if b.o.Port != 0 {
		b.URL = fmt.Sprintf("http://localhost:%d", b.o.Port)
	}
	return b.URL, nil
}

func (b *Bundle) startNginx() (url string, err error) {
	settings := b.o.Nginx
	if settings.Listen == "" {
		if settings.Listen, err = host.FreePort(); err != nil {
			return "", err
		}
	}
	nginx, err := host.StartNginx(b.dir.path, b.Template, settings)
	if err != nil {
		return "", err
	}
	b.mu.Lock()
	b.nginx = nginx
	b.mu.Unlock()
	b.URL = "http://" + settings.Listen
	return b.URL, nil
}

// stopServing stops the gateway or nginx when the requests under way have finished.
func (b *Bundle) stopServing() {
	if b.nginx != nil {
		b.nginx.Stop()
	}
	if b.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
		_ = b.server.Shutdown(ctx) // requests that have not finished by then are cut off
		cancel()
		_ = b.server.Close()
		_, _ = b.gatewayLog.Close(), b.refusedLog.Close()
	}
	for _, listener := range b.listeners {
		_ = listener.Close() // the server has closed those it served
	}
}

// listen listens on the loopback addresses only, so that the bundle cannot be reached from other
// machines: 127.0.0.1, and ::1 if the machine has IPv6. A client that connects before the functions
// are ready waits. Port 0 is a free port of 127.0.0.1.
func listen(ctx context.Context, port int) (listeners []net.Listener, err error) {
	hosts := []string{"127.0.0.1", "::1"}
	if port == 0 {
		hosts = hosts[:1]
	}
	var config net.ListenConfig
	for _, host := range hosts {
		listener, err := config.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(port)))
		switch {
		case err == nil:
			listeners = append(listeners, listener)
			continue
		case host == "::1" && (errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)):
			continue
		case errors.Is(err, syscall.EADDRINUSE):
			err = fmt.Errorf("PORT: port %d is in use; stop the program that listens there, "+
				"or set another, such as PORT=%d", port, port%65535+1)
		case errors.Is(err, syscall.EACCES):
			err = fmt.Errorf("PORT: only root may listen on port %d; set one above 1023, such as PORT=8080", port)
		default:
			err = fmt.Errorf("PORT: %w", err)
		}
		for _, l := range listeners {
			_ = l.Close() // the start fails anyway
		}
		return nil, err
	}
	return listeners, nil
}
