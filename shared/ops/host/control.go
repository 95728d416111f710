package host

import (
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"
)

// serve takes orders on the listener until the server is closed.
func (h *Host) serve(control net.Listener) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{verb}/{unit}", h.order)
	mux.HandleFunc("GET /units", h.list)
	h.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() {
		defer close(h.served)
		_ = h.server.Serve(control) // returns when it is closed
	}()
}

func (h *Host) order(w http.ResponseWriter, r *http.Request) {
	u := h.units[r.PathValue("unit")]
	if u == nil {
		http.Error(w, "there is no unit "+r.PathValue("unit"), http.StatusNotFound)
		return
	}
	var err error
	switch r.PathValue("verb") {
	case "start":
		err = u.StartNotified(h.startTimeout)
	case "stop":
		u.Stop(stopTimeout)
	case "restart":
		u.Stop(stopTimeout)
		err = u.StartNotified(h.startTimeout)
	default:
		http.Error(w, "the verb must be start, stop or restart", http.StatusNotFound)
		return
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (h *Host) list(w http.ResponseWriter, _ *http.Request) {
	for _, name := range slices.Sorted(maps.Keys(h.units)) {
		if pid, started := h.units[name].State(); pid != 0 {
			fmt.Fprintln(w, name, "active", pid, started.UTC().Format(time.RFC3339))
		} else {
			fmt.Fprintln(w, name, "inactive 0 -")
		}
	}
}
