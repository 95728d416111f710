// Command bad500 is a broken release. It starts, reports that it is ready, and returns 500 to every
// request but /readyz.
package main

import (
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

func main() {
	var listener net.Listener
	if passed, err := activation.Listeners(); err == nil && len(passed) == 1 {
		listener = passed[0]
	} else if listener, err = net.Listen("unix", strings.TrimPrefix(os.Getenv("LISTEN"), "unix:")); err != nil {
		os.Exit(1)
	}
	_, _ = daemon.SdNotify(false, daemon.SdNotifyReady)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	server := http.Server{ReadHeaderTimeout: time.Second, Handler: handler}
	_ = server.Serve(listener)
}
