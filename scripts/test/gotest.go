package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// test runs `go test` and reports on it while it works.
func (p plan) test(ctx context.Context, out io.Writer, env []string) (tally, error) {
	listed, err := exec.CommandContext(ctx, "go", append([]string{"list"}, p.packages...)...).Output()
	if err != nil {
		return tally{}, fmt.Errorf("go list %s: %w", strings.Join(p.packages, " "), err)
	}
	if err := os.MkdirAll(filepath.Dir(p.profile), 0o755); err != nil { //nolint:gosec // it holds nothing secret
		return tally{}, fmt.Errorf("make room for the coverage: %w", err)
	}
	args := []string{"test", "-json", "-race", "-shuffle=on", "-vet=off", "-timeout=5m", "-coverprofile=" + p.profile}
	if p.run != "" {
		args = append(args, "-run="+p.run)
	}
	r := newReport(out, strings.Count(string(listed), "\n"))
	fmt.Fprintf(out, "testing %d packages with the race detector …\n", r.packages)
	cmd := exec.Command("go", append(args, p.packages...)...)
	cmd.Env = env
	failure := r.follow(ctx, cmd)
	if err := r.verdict(); err != nil {
		return r.tally, err
	}
	if failure != nil { // no test is to blame
		return r.tally, fmt.Errorf("go test: %w", failure)
	}
	return r.tally, nil
}

// follow runs cmd to its end and feeds the report what it writes.
func (r *report) follow(ctx context.Context, cmd *exec.Cmd) error {
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	failure := make(chan error, 1)
	go func() {
		failure <- finish(ctx, cmd)
		write.Close()
	}()
	lines := make(chan []byte)
	go func() {
		defer close(lines)
		for reader := bufio.NewReader(read); ; {
			line, err := reader.ReadBytes('\n')
			if len(line) > 0 {
				lines <- line
			}
			if err != nil { // only ever io.EOF: the other end is ours
				return
			}
		}
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case line, more := <-lines:
			if !more {
				return <-failure
			}
			r.line(line)
		case <-tick.C:
			r.tick(15 * time.Second)
		}
	}
}
