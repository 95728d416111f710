package function

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"

	"minifb/shared/api"
	"minifb/shared/config"
)

const (
	headerTimeout = 5 * time.Second  // for a request's headers
	idleTimeout   = 90 * time.Second // longer than nginx keeps a connection, so that nginx closes it
	drainPause    = 200 * time.Millisecond
	drainTimeout  = 15 * time.Second
	maxHeader     = 32 << 10 // bytes
	// responseTimeout is how long a client may take to read a response, after the request's own
	// time limit.
	responseTimeout = 30 * time.Second
)

// serveHTTP listens on address, or takes the socket that was passed to the process, and serves.
func serveHTTP(ctx context.Context, address config.Address, h *Handler, log *slog.Logger) error {
	listener, err := listen(address)
	if err != nil {
		return err
	}
	return serve(ctx, listener, h, log)
}

// serve serves until ctx is done. Then it drains: it closes the listener, and returns when all
// connections are idle or drainTimeout has passed.
func serve(ctx context.Context, listener net.Listener, h *Handler, log *slog.Logger) error {
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		WriteTimeout:                 h.settings.Timeout + responseTimeout,
		DisableGeneralOptionsHandler: true, // OPTIONS * is no route
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
		ConnContext:                  api.ConnContext,
	}
	log.Info("serving", "address", listener.Addr().String())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(api.JSONErrors(listener, h.observeRefused)) }()
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil { // does nothing without NOTIFY_SOCKET
		log.Warn("cannot notify the service manager", "error", err.Error())
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}

	// Shutdown closes idle connections at once, and a request may just be arriving on one. So
	// before it, no connection is accepted, and each response says Connection: close; after the
	// pause no connection is idle and in use.
	log.Info("draining")
	h.draining.Store(true)
	_ = listener.Close()
	if err := <-failed; !errors.Is(err, net.ErrClosed) {
		log.Warn("the listener failed while it was closed", "error", err.Error())
	}
	time.Sleep(drainPause)
	limited, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := server.Shutdown(limited); err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	log.Info("stopped")
	return nil
}

// listen returns the socket that systemd or the local supervisor passes to this process, or else
// listens on address.
func listen(address config.Address) (net.Listener, error) {
	passed, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("take the passed socket: %w", err)
	}
	if len(passed) > 1 {
		return nil, fmt.Errorf("%d sockets were passed; pass one", len(passed))
	}
	if len(passed) == 1 && passed[0] != nil {
		if unix, ok := passed[0].(*net.UnixListener); ok {
			unix.SetUnlinkOnClose(false) // it stays for the next process
		}
		return passed[0], nil
	}
	if address.Network == "" {
		return nil, errors.New("LISTEN: is not set, and the socket of LISTEN_FDS was not passed to this process")
	}
	if address.Network == "unix" {
		if err := removeStaleSocket(address.Address); err != nil {
			return nil, fmt.Errorf("LISTEN: %w", err)
		}
	}
	listener, err := net.Listen(address.Network, address.Address)
	if err != nil {
		return nil, fmt.Errorf("LISTEN: %w", err)
	}
	return listener, nil
}

// removeStaleSocket removes the socket of a process that was killed. It leaves a file that is no
// socket, for net.Listen to fail, and returns an error if another process listens on the socket.
func removeStaleSocket(path string) error {
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeSocket {
		return nil //nolint:nilerr // net.Listen works or returns the error
	}
	dialer := net.Dialer{Timeout: time.Second}
	if c, err := dialer.DialContext(context.Background(), "unix", path); err == nil {
		_ = c.Close()
		return fmt.Errorf("another process serves on %s", path)
	}
	return os.Remove(path)
}
