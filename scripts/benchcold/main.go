// Command benchcold is `make bench-cold`: it starts each function, again and again, and prints how long it takes from exec to the
// first answer, and how much memory the process holds at rest. It exits with 1 where a function takes more than the house allows.
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
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"minifb/shared/ops/postgres"
	"minifb/shared/ops/process"
	"minifb/shared/ops/release"
	"minifb/shared/ops/sam"
	"minifb/shared/store"
	"minifb/shared/token"
)

const (
	startLimit  = 50 * time.Millisecond // the median of the starts
	memoryLimit = 20                    // MiB
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
	template, err := sam.Load("template.yaml")
	if err != nil {
		return err
	}
	fmt.Println("building")
	if err := release.Build(ctx, ".", filepath.Join(dir, "bin"), release.Target{Arch: runtime.GOARCH}, os.Stderr, "./functions/..."); err != nil {
		return err
	}
	database, err := postgres.Start(ctx, postgres.Options{Dir: dir, Database: "minifb", Fast: true})
	if err != nil {
		return err
	}
	defer database.Stop() //nolint:errcheck // it is thrown away
	if _, err := store.Migrate(ctx, database.URL("minifb")); err != nil {
		return err
	}
	private, public, err := token.GenerateKeys()
	if err != nil {
		return err
	}
	environment := []string{"DATABASE_URL=" + database.URL("minifb"), "TOKEN_PUBLIC_KEYS=" + public, "TOKEN_PRIVATE_KEY=" + private}
	fmt.Printf("%d starts each; from exec to the first answer, in ms; memory in MiB, of which the process's own, and not the binary's pages\n", starts)
	fmt.Printf("%-14s %8s %8s %14s %8s %8s\n", "function", "median", "longest", "with database", "memory", "own")
	var slow []string
	for _, f := range template.Functions {
		r, err := measure(ctx, starts, filepath.Join(dir, "bin", f.Area), filepath.Join(dir, "s"), environment)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Area, err)
		}
		fmt.Printf("%-14s %8.1f %8.1f %14.1f %8.1f %8.1f\n", f.Area, milliseconds(median(r.first)), milliseconds(slices.Max(r.first)),
			milliseconds(median(r.ready)), r.memory, r.own)
		if median(r.first) > startLimit || r.memory > memoryLimit {
			slow = append(slow, f.Area)
		}
	}
	if len(slow) > 0 {
		return fmt.Errorf("%s take more than %s or %d MiB", strings.Join(slow, ", "), startLimit, memoryLimit)
	}
	return nil
}

func median(all []time.Duration) time.Duration {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

type result struct {
	first, ready []time.Duration
	memory, own  float64 // MiB, of the last start
}

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

// await asks until there is an answer, which must be 200.
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
		body, _ := io.ReadAll(response.Body) // only to be shown
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %d %s", path, response.StatusCode, body)
		}
		return nil
	}
}

// memory is what the kernel counts for a process, and the part that no file backs.
func memory(pid int) (all, own float64, err error) {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(content)) {
		name, value, _ := strings.Cut(line, ":")
		kib, _ := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64) // not all are numbers
		switch name {
		case "VmRSS":
			all = kib / 1024
		case "RssAnon":
			own = kib / 1024
		}
	}
	return all, own, nil
}
