package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"minifb/shared/ops/postgres"
	"minifb/shared/ops/process"
	"minifb/shared/testkit/built"
	"minifb/shared/testkit/citus"
	"minifb/shared/testkit/testdb"
)

// A step checks something on Citus. It returns what is wrong; the error says why it could not be completed.
type step struct {
	name string
	run  func(r *runner, ctx context.Context) (broken []string, err error)
}

// allSteps are the steps in their order.
var allSteps = []step{
	{"store", (*runner).testStore},
	{"check", (*runner).check},
	{"stress", (*runner).stress},
	{"worker", (*runner).loseWorker},
	{"latency", (*runner).measure},
}

// A runner has what the steps share.
type runner struct {
	settings
	dir, programs string // the folders of the run, and of the built functions
	cluster       *citus.Cluster
	servers       citus.Servers
	output        io.Writer
}

// workers is how many workers the coordinator has.
const workers = 2

// run runs the steps in an empty folder, and returns what is wrong.
func (s settings) run(ctx context.Context, dir string, output io.Writer) (broken []string, err error) {
	r := &runner{settings: s, dir: dir, output: output}
	if err := citus.Reachable(dir); err != nil {
		return nil, err
	}
	r.say("Building Citus in %s, which takes some minutes the first time.", s.citus)
	log, err := os.Create(filepath.Join(dir, "citus.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	programs, err := citus.Install(ctx, s.citus, filepath.Join(dir, "postgresql"), log)
	if err != nil {
		return nil, fmt.Errorf("%w; see %s", err, log.Name())
	}
	r.say("Starting a coordinator and %d workers, and building the functions.", workers)
	if r.cluster, err = citus.Start(ctx, programs, dir, workers); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.cluster.Stop()) }()
	r.servers = r.cluster.Servers()
	if err := testdb.PrepareCitus(ctx, r.servers); err != nil {
		return nil, err
	}
	if r.programs, err = built.Programs(ctx, ".", filepath.Join(dir, "bin"), false, "./functions/..."); err != nil {
		return nil, err
	}
	for _, step := range s.steps {
		begun := time.Now()
		r.say("\n%s", step.name)
		wrong, err := step.run(r, ctx)
		if err != nil {
			return broken, fmt.Errorf("%s: %w", step.name, err)
		}
		result := "passed"
		if len(wrong) > 0 {
			result = "FAILED\n  " + strings.Join(wrong, "\n  ")
		}
		r.say("%s: %s (%.0f s)", step.name, result, time.Since(begun).Seconds())
		broken = append(broken, wrong...)
	}
	r.say("\nSteps: %d, checks that failed: %d", len(s.steps), len(broken))
	return broken, nil
}

func (r *runner) say(format string, args ...any) { fmt.Fprintf(r.output, format+"\n", args...) }

// distributed creates a distributed database. It returns its URLs, for its owner and with the functions' roles.
func (r *runner) distributed(
	ctx context.Context, name string, fill func(address string) error,
) (owner, functions string, err error) {
	if err := testdb.Distributed(ctx, r.servers, name, fill); err != nil {
		return "", "", err
	}
	owner = r.cluster.URL(name)
	functions, err = postgres.FunctionsURL(owner)
	return owner, functions, err
}

func noRows(string) error { return nil }

// program builds a program of this repository, and returns its path.
func (r *runner) program(ctx context.Context, name string) (string, error) {
	path := filepath.Join(r.dir, "bin", name)
	return path, r.execute(ctx, nil, "go", "build", "-buildvcs=false", "-o", path, "./scripts/"+name)
}

// failure returns the failure of a program as what is wrong. Other errors stay errors.
func failure(what string, err error) (broken []string, _ error) {
	if ended, ok := errors.AsType[*exec.ExitError](err); ok && ended.ExitCode() > 0 {
		return []string{what + " failed; see above"}, nil
	}
	return nil, err
}

// execute runs a program with more variables in its environment, and writes what it prints to the output.
func (r *runner) execute(ctx context.Context, variables []string, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), variables...)
	cmd.Stdout, cmd.Stderr = r.output, r.output
	if err := process.Start(cmd, syscall.SIGTERM); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) })
	defer stop()
	return cmd.Wait()
}

// check runs the conformance kit, with the functions on a distributed database.
func (r *runner) check(ctx context.Context) (broken []string, err error) {
	owner, functions, err := r.distributed(ctx, "check", noRows)
	if err != nil {
		return nil, err
	}
	bundled, err := r.program(ctx, "bundled")
	if err != nil {
		return nil, err
	}
	kit, err := r.program(ctx, "conformance")
	if err != nil {
		return nil, err
	}
	err = r.execute(ctx, []string{"DATABASE_URL=" + functions, "OWNER_DATABASE_URL=" + owner}, bundled, "-admin", kit)
	return failure("the conformance kit", err)
}

// stress runs concurrent operations while functions are killed.
func (r *runner) stress(ctx context.Context) (broken []string, err error) {
	owner, functions, err := r.distributed(ctx, "stress", noRows)
	if err != nil {
		return nil, err
	}
	stress, err := r.program(ctx, "stress")
	if err != nil {
		return nil, err
	}
	broken, err = failure("the stress run", r.execute(ctx, []string{
		"DATABASE_URL=" + functions, "OWNER_DATABASE_URL=" + owner, fmt.Sprint("OPERATIONS=", r.operations), "KILLS=3",
	}, stress))
	return append(broken, r.deadlocks()...), err
}

var deadlock = regexp.MustCompile(`(?m)^.*(?:deadlock detected|distributed deadlock).*$`)

// deadlocks returns what the servers' logs say of deadlocks, on one server or across several.
func (r *runner) deadlocks() (lines []string) {
	for i := range r.servers {
		text, err := os.ReadFile(r.cluster.Log(i))
		if err != nil {
			lines = append(lines, err.Error())
		}
		for _, line := range deadlock.FindAllString(string(text), -1) {
			lines = append(lines, fmt.Sprintf("server %d: %s", i, line))
		}
	}
	return lines
}
