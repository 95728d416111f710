package process

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

// behaviour names the variable that makes the test binary act as a child process, and says how.
const behaviour = "PROCESS_TEST_BEHAVIOUR"

func TestMain(m *testing.M) {
	switch os.Getenv(behaviour) {
	case "":
		os.Exit(m.Run())
	case "parent":
		beParent()
	case "dies":
		fmt.Fprintln(os.Stderr, "the reason")
		os.Exit(3)
	case "starts another":
		other := exec.Command("sleep", "60")
		_ = other.Start()
		fmt.Fprintln(os.Stderr, other.Process.Pid)
		_ = other.Wait()
	case "hangs":
		time.Sleep(time.Minute)
	case "ignores SIGTERM":
		signal.Ignore(syscall.SIGTERM)
		serve()
	default:
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		go serve() // not before: a test may stop it as soon as it serves
		<-stop
		fmt.Fprintln(os.Stderr, "drained")
	}
}

// serve serves on the socket that is passed by systemd's protocol, or that LISTEN names.
func serve() {
	listeners, err := activation.Listeners()
	switch {
	case err == nil && len(listeners) == 1:
		listeners[0].(*net.UnixListener).SetUnlinkOnClose(false)
	case os.Getenv("LISTEN") != "":
		listener, err := net.Listen("unix", strings.TrimPrefix(os.Getenv("LISTEN"), "unix:"))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		listeners = []net.Listener{listener}
	default:
		fmt.Fprintln(os.Stderr, "no socket was passed:", listeners, err)
		os.Exit(1)
	}
	http.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if os.Getenv(behaviour) == "unready" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	http.HandleFunc("/pid", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, os.Getpid()) })
	http.HandleFunc("/env", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Join(os.Environ(), "\n"))
	})
	_, _ = daemon.SdNotify(false, daemon.SdNotifyReady)
	fmt.Fprintln(os.Stderr, http.Serve(listeners[0], nil))
}
