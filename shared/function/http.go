package function

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

const (
	headerTimeout = 5 * time.Second  // for a request's headers to end
	idleTimeout   = 90 * time.Second // longer than nginx keeps a connection to us, so that it is nginx that closes
	drainPause    = 200 * time.Millisecond
	drainTimeout  = 15 * time.Second
	maxHeader     = 32 << 10 // bytes
	// answerTimeout is for a caller to take the whole answer, beyond the time that the request itself may take.
	answerTimeout = 30 * time.Second
)

// serveHTTP serves until ctx ends, then drains.
func serveHTTP(ctx context.Context, address string, h *Handler, log *slog.Logger) error {
	listener, err := listen(address)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		WriteTimeout:                 h.settings.Timeout + answerTimeout,
		DisableGeneralOptionsHandler: true, // OPTIONS * has no route either
		ErrorLog:                     slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	log.Info("serving", "address", listener.Addr().String())
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil { // says nothing where nobody waits for it
		log.Warn("cannot say that it is ready", "error", err.Error())
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}

	// Shutdown alone drops requests that arrive on kept connections as it starts. So nobody new gets in, whoever is in
	// is told to leave with the next answer, and only then is it shut.
	log.Info("draining")
	h.draining.Store(true)
	_ = listener.Close()
	if err := <-failed; !errors.Is(err, net.ErrClosed) {
		log.Warn("the listener failed while closing", "error", err.Error())
	}
	time.Sleep(drainPause)
	left, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := server.Shutdown(left); err != nil {
		return fmt.Errorf("drain: %w", err)
	}
	log.Info("stopped")
	return nil
}

// listen takes the socket that systemd, or the local runtime, holds for this process; else it opens LISTEN.
func listen(address string) (net.Listener, error) {
	passed, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("take the passed socket: %w", err)
	}
	if len(passed) > 1 {
		return nil, fmt.Errorf("%d sockets were passed; pass one", len(passed))
	}
	if len(passed) == 1 && passed[0] != nil {
		if unix, ok := passed[0].(*net.UnixListener); ok {
			unix.SetUnlinkOnClose(false) // its holder's, for the next process
		}
		return passed[0], nil
	}
	kind, where, ok := strings.Cut(address, ":")
	if !ok || (kind != "unix" && kind != "tcp") {
		return nil, errors.New("LISTEN: name unix:/path/of/socket or tcp:host:port, or pass a socket")
	}
	if kind == "unix" {
		if err := removeLeftover(where); err != nil {
			return nil, fmt.Errorf("LISTEN: %w", err)
		}
	}
	listener, err := net.Listen(kind, where)
	if err != nil {
		return nil, fmt.Errorf("LISTEN: %w", err)
	}
	return listener, nil
}

// removeLeftover removes the socket of a process that was killed. One that is listened on, and whatever is no socket, stays.
func removeLeftover(path string) error {
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeSocket {
		return nil //nolint:nilerr // to listen there will work, or say why not
	}
	dialer := net.Dialer{Timeout: time.Second}
	if c, err := dialer.DialContext(context.Background(), "unix", path); err == nil {
		_ = c.Close()
		return fmt.Errorf("another process serves on %s", path)
	}
	return os.Remove(path)
}
