package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"minifb/shared/ops/host"
	"minifb/shared/ops/process"
)

const (
	startTimeout = 30 * time.Second
	stopTimeout  = 20 * time.Second
)

// A served is a function that can be reached at a URL, by itself or through nginx.
type served struct {
	url  string
	pid  int
	stop func()
}

// startDirect starts an area's function with a host's settings, but on a TCP port, and waits until it is ready. A
// host's socket is a unix socket, which wrk cannot connect to.
func (b *bench) startDirect(ctx context.Context, area, binary string, env ...string) (*served, error) {
	f, ok := b.bundle.Template.Function(area)
	if !ok {
		return nil, fmt.Errorf("template.yaml has no function for %s", area)
	}
	address, err := host.FreePort()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(b.dir, area+".log")
	log, err := process.OpenLog(path)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(binary)
	cmd.Env = append(append(b.bundle.Environment(f), "LISTEN=tcp:"+address), env...)
	cmd.Stdout, cmd.Stderr = log, log
	err = process.Start(cmd, syscall.SIGKILL)
	if err != nil {
		_ = log.Close()
		return nil, err
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // its log has the reason
		_ = log.Close()
		close(exited)
	}()
	stop := func() {
		for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			_ = cmd.Process.Signal(signal) // it may have just exited
			select {
			case <-exited:
				return
			case <-time.After(stopTimeout):
			}
		}
	}
	s := &served{"http://" + address, cmd.Process.Pid, stop}
	if err := awaitReady(ctx, s.url, exited); err != nil {
		stop()
		return nil, fmt.Errorf("start %s: %w; see %s", area, err, path)
	}
	return s, nil
}

// awaitReady waits until a function's /readyz returns 200.
func awaitReady(ctx context.Context, url string, exited <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		status, _, err := fetch(ctx, http.DefaultClient, url+"/readyz")
		if err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case <-exited:
			return errors.New("it has exited")
		case <-ctx.Done():
			return fmt.Errorf("it is not ready: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// fetch returns the status and the body of a response.
func fetch(ctx context.Context, client *http.Client, url string) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, err
}

// startBehindNginx starts an area's function of the host, which nginx passes requests to.
func (b *bench) startBehindNginx(ctx context.Context, area string) (*served, error) {
	u := b.bundle.Function(area)
	if err := u.Start(); err != nil {
		return nil, err
	}
	if err := u.AwaitReady(ctx, startTimeout); err != nil {
		return nil, err
	}
	return &served{b.bundle.URL, u.PID(), func() { u.Stop(stopTimeout) }}, nil
}

// tick is the unit of processor times in /proc.
const tick = 10 * time.Millisecond

// cpuOf returns the processor time that a process has used; with children, that of its children that have ended, too.
func cpuOf(pid string, children bool) (time.Duration, error) {
	text, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	if err != nil {
		return 0, err
	}
	return parseStat(string(text), children)
}

// parseStat reads the times in the text of /proc/PID/stat.
func parseStat(text string, children bool) (time.Duration, error) {
	const utime, cutime = 11, 13 // after the name, which may have any character
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < cutime+2 {
		return 0, fmt.Errorf("the process has no times: %q", text)
	}
	var ticks, own, system int64
	for at := utime; at <= cutime; at += 2 {
		if _, err := fmt.Sscan(fields[at]+" "+fields[at+1], &own, &system); err != nil {
			return 0, fmt.Errorf("the times of a process: %w", err)
		}
		if at == utime || children {
			ticks += own + system
		}
	}
	return time.Duration(ticks) * tick, nil
}

// cpu returns the processor time that all of PostgreSQL's processes have used.
func (d *database) cpu() (sum time.Duration, err error) {
	postmaster := fmt.Sprint(d.cluster.PID())
	children, err := os.ReadFile(filepath.Join("/proc", postmaster, "task", postmaster, "children"))
	if err != nil {
		return 0, err
	}
	if sum, err = cpuOf(postmaster, true); err != nil {
		return 0, err
	}
	for child := range strings.FieldsSeq(string(children)) {
		used, err := cpuOf(child, false)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // it has just ended
		}
		if err != nil {
			return 0, err
		}
		sum += used
	}
	return sum, nil
}

// memoryOf returns the resident memory of a process in MiB.
func memoryOf(pid int) (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, after, found := strings.Cut(string(text), "\nVmRSS:")
	var kib float64
	if _, err := fmt.Sscan(after, &kib); err != nil || !found {
		return 0, fmt.Errorf("the process %d shows no memory: %w", pid, err)
	}
	return kib / 1024, nil
}

// perRequest returns microseconds for each of some requests.
func perRequest(used time.Duration, requests int64) float64 {
	if requests == 0 {
		return 0
	}
	return float64(used.Microseconds()) / float64(requests)
}
