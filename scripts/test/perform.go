package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"minifb/shared/ops/postgres"
	"minifb/shared/ops/process"
	"minifb/shared/testkit/built"
	"minifb/shared/testkit/testdb"
)

// sources are the folders with Go code.
var sources = []string{"functions", "shared", "migrations", "scripts"}

// perform runs the checks, the fastest first. It writes the details of what is wrong, and returns an
// error with a summary.
func (o options) perform(ctx context.Context, out io.Writer) (count counts, err error) {
	if err := checkFormat(ctx); err != nil {
		return count, err
	}
	if err := install(ctx, out); err != nil {
		return count, err
	}
	env := environment()
	if o.fuzz == "" {
		if err := o.vet(ctx, out, env); err != nil {
			return count, err
		}
	}
	if o.whole && o.bench == "" && o.fuzz == "" {
		programs, remove, failure := buildPrograms(ctx, out)
		if failure != nil {
			return count, failure
		}
		defer func() { err = errors.Join(err, remove()) }()
		env = append(env, built.Variable+"="+programs)
	}
	url, stop, err := startDatabase(ctx, out)
	if err != nil {
		return count, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	env = append(env, testdb.Variable+"="+url)
	if o.fuzz != "" {
		f := fuzzer{dir: ".", each: o.fuzz, pause: 30 * time.Second, env: env, out: out}
		return count, f.all(ctx, o.packages)
	}
	if o.bench != "" {
		args := append([]string{"test", "-run=^$", "-benchmem", "-bench=" + o.bench}, o.packages...)
		return count, goTool(ctx, out, env, args...)
	}
	count, err = o.test(ctx, out, env)
	if err != nil || o.run != "" {
		return count, err
	}
	return count, o.checkCoverage(out)
}

// checkFormat returns an error where gofmt would change a file.
func checkFormat(ctx context.Context) error {
	output, err := exec.CommandContext(ctx, "gofmt", append([]string{"-l"}, sources...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("gofmt: %w\n%s", err, output)
	}
	if len(output) > 0 {
		return fmt.Errorf("run gofmt -w on\n%s", strings.TrimSpace(string(output)))
	}
	return nil
}

// onCI reports whether this is a run of CI, where no optional check may be missing.
func onCI() bool { return os.Getenv("CI") == "true" }

// install installs what the tests need: PostgreSQL, gcc for the race detector, nginx, systemd for
// systemd-analyze, curl for deploys, Chromium and npm for the dashboard, Prometheus and
// InfluxDB for the feeds, faketime for make chaos, pgBackRest for archived WAL, PgBouncer for pooled
// connections, wrk for make bench, and HAProxy for several hosts. Werkzeug, which some tests compare
// password hashes with, is optional, and required on CI.
func install(ctx context.Context, out io.Writer) error {
	needs := []string{
		"postgresql", "gcc", "nginx", "systemd", "curl", "chromium", "npm", "prometheus", "influxdb",
		"faketime", "pgbackrest", "pgbouncer", "wrk", "haproxy",
	}
	if onCI() {
		needs = append(needs, "werkzeug")
	}
	cmd := exec.Command("scripts/install", needs...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := run(ctx, cmd); err != nil {
		return fmt.Errorf("scripts/install %s: %w", strings.Join(needs, " "), err)
	}
	return nil
}

// vet compiles what the packages import, and checks the packages. It compiles with -race, for the
// tests to use the same build cache. The compiler collects garbage only above 1 GiB, which saves a
// fifth of the time.
func (o options) vet(ctx context.Context, out io.Writer, env []string) error {
	start := time.Now()
	fmt.Fprint(out, "go vet … ")
	args := slices.Concat([]string{"vet", "-race"}, o.packages)
	if err := goTool(ctx, out, append(slices.Clip(env), "GOGC=off", "GOMEMLIMIT=1GiB"), args...); err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	fmt.Fprintf(out, "%.1f s\n", time.Since(start).Seconds())
	return nil
}

// buildPrograms builds the programs that several tests start, in a folder that remove deletes.
func buildPrograms(ctx context.Context, out io.Writer) (folder string, remove func() error, err error) {
	start := time.Now()
	fmt.Fprint(out, "go build, as for a release … ")
	if folder, err = os.MkdirTemp("", "minifb-test-programs-"); err != nil {
		return "", nil, fmt.Errorf("create a folder for programs: %w", err)
	}
	remove = func() error { return os.RemoveAll(folder) }
	if err := built.All(ctx, ".", folder); err != nil {
		return "", nil, errors.Join(err, remove())
	}
	fmt.Fprintf(out, "%.1f s\n", time.Since(start).Seconds())
	return folder, remove, nil
}

// startDatabase starts a PostgreSQL, which stop stops and deletes. If the environment names a server,
// that is used instead.
func startDatabase(ctx context.Context, out io.Writer) (url string, stop func() error, err error) {
	if given := os.Getenv(testdb.Variable); given != "" {
		fmt.Fprintf(out, "using the PostgreSQL at %s\n", testdb.Variable)
		return given, func() error { return nil }, nil
	}
	dir, err := databaseFolder("/dev/shm")
	if err != nil {
		return "", nil, fmt.Errorf("create a folder for PostgreSQL: %w", err)
	}
	remove := func() error { return os.RemoveAll(dir) }
	// It must run longer than the tests, even if ctx ends, because they drop their databases.
	c, err := postgres.Start(context.WithoutCancel(ctx), postgres.Options{Dir: dir, Fast: true})
	if err != nil {
		return "", nil, errors.Join(err, remove())
	}
	return c.URL("postgres"), func() error { return errors.Join(c.Stop(), remove()) }, nil
}

// environment returns the environment of the go command and the tests. It leaves out the variables of
// PostgreSQL's clients, which would change the connections of the tests.
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

// goTool runs the go command, and writes its output to out.
func goTool(ctx context.Context, out io.Writer, env []string, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, out, out
	return run(ctx, cmd)
}

// run runs cmd until it ends. When ctx ends, it interrupts cmd with all processes that cmd has
// started, and kills them ten seconds later.
func run(ctx context.Context, cmd *exec.Cmd) error {
	cmd.WaitDelay = time.Second // for the output that children of a killed process keep open
	if err := process.Start(cmd, syscall.SIGTERM); err != nil {
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
		_ = syscall.Kill(group, syscall.SIGINT) // it may have ended
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
