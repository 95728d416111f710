package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"minifb/shared/ops/postgres"
	"minifb/shared/ops/release"
	"minifb/shared/ops/spawn"
	"minifb/shared/testkit/testdb"
)

// sources are the folders that hold Go code.
var sources = []string{"functions", "shared", "migrations", "scripts"}

// perform takes the steps in the order that fails fastest. Its error says in a sentence what is not whole; the details
// are printed before.
func (p plan) perform(ctx context.Context, out io.Writer) (count tally, err error) {
	if err := formatted(ctx); err != nil {
		return count, err
	}
	if err := install(ctx, out); err != nil {
		return count, err
	}
	env := environment()
	for _, verb := range []string{"build", "vet"} {
		if err := p.check(ctx, out, env, verb); err != nil {
			return count, err
		}
	}
	if err := p.release(ctx, out); err != nil {
		return count, err
	}
	url, stop, err := database(ctx, out)
	if err != nil {
		return count, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	env = append(env, testdb.Variable+"="+url)
	if p.bench != "" {
		return count, goTool(ctx, out, env, append([]string{"test", "-run=^$", "-benchmem", "-bench=" + p.bench}, p.packages...)...)
	}
	count, err = p.test(ctx, out, env)
	if err != nil || p.run != "" {
		return count, err
	}
	return count, p.covered(out)
}

// formatted fails where gofmt would change a file.
func formatted(ctx context.Context) error {
	said, err := exec.CommandContext(ctx, "gofmt", append([]string{"-l"}, sources...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("gofmt: %w\n%s", err, said)
	}
	if len(said) > 0 {
		return fmt.Errorf("run gofmt -w on\n%s", strings.TrimSpace(string(said)))
	}
	return nil
}

// onCI tells whether nobody is there who could do without something.
func onCI() bool { return os.Getenv("CI") == "true" }

// install brings what the tests run on: PostgreSQL; gcc, which the race detector needs; nginx, systemd's checks of its units, and curl,
// which deploys ask with. Werkzeug, which some hashes are held against, is used where it is installed; on CI it must be.
func install(ctx context.Context, out io.Writer) error {
	needs := []string{"postgresql", "gcc", "nginx", "systemd", "curl"}
	if onCI() {
		needs = append(needs, "werkzeug")
	}
	cmd := exec.Command("scripts/install", needs...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := finish(ctx, cmd); err != nil {
		return fmt.Errorf("scripts/install %s: %w", strings.Join(needs, " "), err)
	}
	return nil
}

// check runs a verb of the go command that says nothing when all is well. With -race, so that what it compiles serves the tests too, and
// with the compiler's garbage uncollected up to 1 GiB, which saves a fifth of the work.
func (p plan) check(ctx context.Context, out io.Writer, env []string, verb string) error {
	start := time.Now()
	fmt.Fprintf(out, "go %s … ", verb)
	args := append([]string{verb, "-race"}, p.packages...)
	if err := goTool(ctx, out, append(slices.Clip(env), "GOGC=off", "GOMEMLIMIT=1GiB"), args...); err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	fmt.Fprintf(out, "%.1f s\n", time.Since(start).Seconds())
	return nil
}

// release compiles what functions are made of as it is released. Several tests run the real binaries, each of its own build,
// and all at once they would each compile everything.
func (p plan) release(ctx context.Context, out io.Writer) error {
	if !slices.Contains(p.packages, "./...") {
		return nil
	}
	start := time.Now()
	fmt.Fprint(out, "go build, as it is released … ")
	if err := release.Compile(ctx, ".", release.Target{Arch: runtime.GOARCH}, out, "./shared/function", "./shared/response", "./shared/rules"); err != nil {
		return err
	}
	fmt.Fprintf(out, "%.1f s\n", time.Since(start).Seconds())
	return nil
}

// database starts a PostgreSQL that is gone, with all it holds, when stop returns. Where the environment names one already, that one is
// used.
func database(ctx context.Context, out io.Writer) (url string, stop func() error, err error) {
	if given := os.Getenv(testdb.Variable); given != "" {
		fmt.Fprintf(out, "using the PostgreSQL that %s names\n", testdb.Variable)
		return given, func() error { return nil }, nil
	}
	dir, err := os.MkdirTemp("", "minifb-test-")
	if err != nil {
		return "", nil, fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	remove := func() error { return os.RemoveAll(dir) }
	// It must outlive the tests, also where ctx ends: they drop their databases.
	c, err := postgres.Start(context.WithoutCancel(ctx), postgres.Options{Dir: dir, Fast: true})
	if err != nil {
		return "", nil, errors.Join(err, remove())
	}
	return c.URL("postgres"), func() error { return errors.Join(c.Stop(), remove()) }, nil
}

// environment is what the go command and the tests run in. What the caller's shell tells PostgreSQL's clients is left out: it would reach
// every connection that a test opens.
func environment() (env []string) {
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "PG") {
			env = append(env, variable)
		}
	}
	env = append(env, "CGO_ENABLED=1") // the race detector needs it
	if onCI() || exec.Command("/usr/bin/python3", "-c", "import werkzeug.security").Run() == nil {
		env = append(env, "MINIFB_NEED_WERKZEUG=1")
	}
	return env
}

// goTool runs the go command with what it says going to out.
func goTool(ctx context.Context, out io.Writer, env []string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, out, out
	return finish(ctx, cmd)
}

// finish runs cmd to its end. At ctx's end it is interrupted with all that it started, and ten seconds later killed.
func finish(ctx context.Context, cmd *exec.Cmd) error {
	cmd.WaitDelay = time.Second // for what a killed child's children still hold open
	if err := spawn.Start(cmd, syscall.SIGTERM); err != nil {
		return err
	}
	group := -cmd.Process.Pid
	ended := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-ended:
			return
		case <-ctx.Done():
		}
		_ = syscall.Kill(group, syscall.SIGINT) // it may have just ended
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
		}
		_ = syscall.Kill(group, syscall.SIGKILL)
	}()
	err := cmd.Wait()
	close(ended)
	<-watched
	return err
}

// covered fails where a statement of functions/ outside main.go is run by no test, and lists each such place.
func (p plan) covered(out io.Writer) error {
	profile, err := os.Open(filepath.Clean(p.profile))
	if err != nil {
		return fmt.Errorf("read the coverage: %w", err)
	}
	defer profile.Close()
	c, err := readCoverage(profile, held)
	if err != nil {
		return err
	}
	for _, b := range c.missed {
		fmt.Fprintf(out, "no test runs %s\n", b)
	}
	switch {
	case len(c.missed) > 0:
		return fmt.Errorf("%d of the %d statements of functions/ are run by no test", c.total-c.run, c.total)
	case c.total > 0:
		fmt.Fprintf(out, "coverage of functions/: all %d statements\n", c.total)
	case p.whole:
		return errors.New("the coverage names no statement of functions/")
	}
	return nil
}
