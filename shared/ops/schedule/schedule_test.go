package schedule_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"minifb/shared/ops/sam"
	"minifb/shared/ops/schedule"
	"minifb/shared/testkit/programs"
)

// A schedule that fails in the same way each time is reported once, and again when it fails otherwise.
func TestAFailureIsReportedOnce(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "mfs") // the path of t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "maintenance.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	statuses := []int{500, 500, 503, 503, 200, 503}
	var mu sync.Mutex
	var calls int
	var reported []string
	function := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		calls++
		w.WriteHeader(statuses[min(calls, len(statuses))-1])
	})}
	go func() { _ = function.Serve(listener) }()
	defer function.Close()
	caller := schedule.Start(schedule.Options{
		Template: &sam.Template{Functions: []sam.Function{{
			Area: "maintenance", Timeout: time.Minute,
			Schedules: []sam.Schedule{{Name: "Clean", Every: time.Millisecond}},
		}}},
		Socket: func(string) string { return socket },
		Logf: func(format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			reported = append(reported, fmt.Sprintf(format, args...))
		},
	})
	programs.Until(t, "the schedule is called", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return calls > len(statuses)+2
	})
	caller.Stop()
	want := `["maintenance: 500 Internal Server Error: " "maintenance: 503 Service Unavailable: " ` +
		`"maintenance: 503 Service Unavailable: "]`
	if got := fmt.Sprintf("%q", reported); got != want {
		t.Errorf("reported: %s, want %s", got, want)
	}
}
