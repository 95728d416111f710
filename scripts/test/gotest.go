package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"gotest.tools/gotestsum/testjson"
)

// counts are numbers of tests, including subtests. A package that fails without a failed test, for
// instance because it does not build, counts as one failed test.
type counts struct{ passed, failed, skipped int }

func (c counts) String() string {
	s := fmt.Sprintf("%d passed, %d failed", c.passed, c.failed)
	if c.skipped > 0 {
		s += fmt.Sprintf(", %d skipped", c.skipped)
	}
	return s
}

// test runs `go test` and counts the tests. It returns an error unless at least one test ran, and all
// passed.
func (o options) test(ctx context.Context, out io.Writer, env []string) (counts, error) {
	if err := os.MkdirAll(filepath.Dir(o.profile), 0o755); err != nil { //nolint:gosec // coverage is not secret
		return counts{}, fmt.Errorf("create the folder of the coverage: %w", err)
	}
	args := []string{"test", "-json", "-race", "-shuffle=on", "-vet=off", "-timeout=20m", "-coverprofile=" + o.profile}
	if o.run != "" {
		args = append(args, "-run="+o.run)
	}
	fmt.Fprintln(out, "go test, with the race detector")
	cmd := exec.Command("go", append(args, o.packages...)...)
	cmd.Env = env
	return report(ctx, out, cmd)
}

// report runs cmd, a `go test -json`. It writes a line for each package when that ends, and in the
// end the output of each test that failed or was skipped.
func report(ctx context.Context, out io.Writer, cmd *exec.Cmd) (counts, error) {
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, cmd)
		_ = write.Close()
		ended <- err
	}()
	execution, err := testjson.ScanTestOutput(testjson.ScanConfig{
		Stdout: read, Handler: newPrinter(out), IgnoreNonJSONOutputLines: true,
	})
	_ = read.Close() // if the scan failed, cmd must not wait for a reader
	err = errors.Join(err, <-ended)
	testjson.PrintSummary(out, execution, testjson.SummarizeAll)

	c := counts{failed: len(execution.Failed()), skipped: len(execution.Skipped())}
	for _, name := range execution.Packages() {
		c.passed += len(execution.Package(name).Passed)
	}
	switch {
	case c.failed > 0:
		return c, fmt.Errorf("failed tests: %d", c.failed)
	case c.skipped > 0:
		return c, fmt.Errorf("skipped tests: %d; a skipped test checks nothing", c.skipped)
	case err != nil:
		return c, fmt.Errorf("go test: %w", err)
	case c.passed == 0:
		return c, errors.New("no test ran")
	}
	return c, nil
}

// A printer writes a line for each package when that ends, and all lines that are not events, such as
// warnings of the go command.
type printer struct {
	out       io.Writer
	formatter testjson.EventFormatter
}

func newPrinter(out io.Writer) printer {
	options := testjson.FormatOptions{HideEmptyPackages: true}
	return printer{out, testjson.NewEventFormatter(out, "pkgname", options)}
}

// Event handles an event of `go test -json`.
func (p printer) Event(event testjson.TestEvent, execution *testjson.Execution) error {
	return p.formatter.Format(event, execution)
}

// Err handles a line that is not an event.
func (p printer) Err(text string) error {
	_, err := fmt.Fprintln(p.out, text)
	return err
}
