// Command bad500 is a release gone wrong: it starts, says that it is ready, and answers everything with 500.
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
	server := http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})}
	_ = server.Serve(listener)
}
