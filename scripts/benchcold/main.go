// Command benchcold is `make bench-cold`: it starts each function several times, and prints how
// long it takes from exec to the first response, and how much memory the process needs when idle.
// It exits with 1 if a function exceeds the limits below.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"minifb/shared/ops/bundle"
	"minifb/shared/ops/process"
)

const (
	maxStart  = 50 * time.Millisecond // the median of the starts
	maxMemory = 25                    // MiB; docs takes 24, as it hashes its pages
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	starts := flag.Int("starts", 20, "how often each function is started")
	flag.Parse()
	err := run(ctx, *starts)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-cold:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, starts int) error {
	dir, err := os.MkdirTemp("", "minifb-cold-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Println("building and starting a bundle")
	b := bundle.New(bundle.Options{
		Source: ".", Dir: dir, Fast: true,
		Logf: func(format string, args ...any) { fmt.Printf(format+"\n", args...) },
	})
	if err := b.Start(ctx); err != nil {
		return err
	}
	defer b.Stop() //nolint:errcheck // its data is deleted
	fmt.Printf("%d starts each; times in ms, from exec to the first response;\n", starts)
	fmt.Println("memory in MiB when idle, in all and without the pages of the binary (own)")
	fmt.Printf("%-14s %8s %8s %14s %8s %8s\n", "function", "median", "longest", "with database", "memory", "own")
	var slow []string
	for _, f := range b.Template.Functions {
		r, err := measure(ctx, starts, b.Binary(f.Area), filepath.Join(dir, "cold.sock"), b.Environment(f))
		if err != nil {
			return fmt.Errorf("%s: %w", f.Area, err)
		}
		fmt.Printf("%-14s %8.1f %8.1f %14.1f %8.1f %8.1f\n", f.Area, milliseconds(median(r.first)),
			milliseconds(slices.Max(r.first)), milliseconds(median(r.ready)), r.memory, r.own)
		if median(r.first) > maxStart || r.memory > maxMemory {
			slow = append(slow, f.Area)
		}
	}
	if len(slow) > 0 {
		return fmt.Errorf("more than %s or %d MiB: %s", maxStart, maxMemory, strings.Join(slow, ", "))
	}
	return nil
}

func median(all []time.Duration) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

type result struct {
	first, ready []time.Duration // from exec to the first response, and to the first of /readyz, for each start
	memory, own  float64         // MiB, of the last start
}

// measure starts the binary several times, each time listening on the socket.
func measure(ctx context.Context, starts int, binary, socket string, environment []string) (r result, err error) {
	client := http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
		DisableKeepAlives: true,
	}}
	for i := range starts {
		cmd := exec.Command(binary)
		cmd.Env = append(environment, "LISTEN=unix:"+socket)
		begun := time.Now()
		if err := process.Start(cmd, syscall.SIGKILL); err != nil {
			return r, err
		}
		for _, step := range []struct {
			path string
			took *[]time.Duration
		}{{"/healthz", &r.first}, {"/readyz", &r.ready}} {
			if err := await(ctx, &client, step.path); err != nil {
				_ = cmd.Process.Kill()
				return r, err
			}
			*step.took = append(*step.took, time.Since(begun))
		}
		if i == starts-1 {
			time.Sleep(time.Second)
			r.memory, r.own, err = memory(cmd.Process.Pid)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.Remove(socket)
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

// await sends requests until there is a response, which must have status 200.
func await(ctx context.Context, client *http.Client, path string) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(100 * time.Microsecond) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://cold"+path, nil)
		if err != nil {
			return err
		}
		response, err := client.Do(request)
		if err != nil {
			if time.Now().After(deadline) || ctx.Err() != nil {
				return err
			}
			continue // it does not listen yet
		}
		body, _ := io.ReadAll(response.Body) // only for the message
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s returns %d %s", path, response.StatusCode, body)
		}
		return nil
	}
}

// memory returns the resident memory of a process, and the part of it that no file backs, in MiB.
func memory(pid int) (all, own float64, err error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(content)) {
		name, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64) // some are not numbers
		switch name {
		case "VmRSS":
			all = kib / 1024
		case "RssAnon":
			own = kib / 1024
		}
	}
	return all, own, nil
}
