package main

import (
	"bufio"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A target is a fuzz target.
type target struct{ name, importPath, dir string }

// A fuzzer runs fuzz targets, one after the other.
type fuzzer struct {
	dir   string        // of the module
	each  string        // how long each target runs, as go test's -fuzztime: 10m, or 1000x
	pause time.Duration // between two lines about the progress
	env   []string
	out   io.Writer
}

// all runs the targets of the packages. It goes on after a target that fails, and returns an error with the number of
// these.
func (f fuzzer) all(ctx context.Context, packages []string) error {
	targets, err := f.targets(ctx, packages)
	if err != nil {
		return err
	}
	if len(targets) == 0 {
		return fmt.Errorf("%s: no fuzz target", strings.Join(packages, " "))
	}
	var findings []string
	for i, t := range targets {
		fmt.Fprintf(f.out, "%d of %d: %s of %s, for %s\n", i+1, len(targets), t.name, t.importPath, f.each)
		input, err := f.run(ctx, t)
		if ctx.Err() != nil {
			targets = targets[:i]
			break
		}
		if err != nil {
			findings = append(findings, fmt.Sprintf("%s of %s: %s", t.name, t.importPath, input))
		}
	}
	fmt.Fprintf(f.out, "\n%d targets were run, and %d failed\n", len(targets), len(findings))
	for _, finding := range findings {
		fmt.Fprintln(f.out, finding)
	}
	if len(findings) > 0 {
		return fmt.Errorf("fuzz targets that failed: %d; go test runs the failing inputs from now on", len(findings))
	}
	return nil
}

// targets returns the fuzz targets of packages, which are given as `go list` accepts them.
func (f fuzzer) targets(ctx context.Context, packages []string) (all []target, err error) {
	const format = `{{$p := .}}{{range .TestGoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}{{"\n"}}{{end}}` +
		`{{range .XTestGoFiles}}{{$p.ImportPath}} {{$p.Dir}}/{{.}}{{"\n"}}{{end}}`
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-f", format}, packages...)...)
	cmd.Dir, cmd.Env, cmd.Stderr = f.dir, f.env, f.out
	listed, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	for line := range strings.Lines(string(listed)) {
		importPath, file, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok {
			continue // the empty line of a package without tests
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, declared := range parsed.Decls {
			if function, ok := declared.(*ast.FuncDecl); ok && function.Recv == nil &&
				strings.HasPrefix(function.Name.Name, "Fuzz") {
				all = append(all, target{function.Name.Name, importPath, filepath.Dir(file)})
			}
		}
	}
	return all, nil
}

// run runs a target. If it fails, run also returns where its failing input is.
func (f fuzzer) run(ctx context.Context, t target) (input string, err error) {
	// To make an interesting input smaller takes up to a minute by default, in which nothing else is tried.
	cmd := exec.Command("go", "test", "-vet=off", "-run=^$", "-fuzz=^"+t.name+"$", "-fuzztime="+f.each,
		"-fuzzminimizetime=1s", t.importPath)
	read, write := io.Pipe()
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = f.dir, f.env, write, write
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, cmd)
		_ = write.Close()
		ended <- err
	}()
	input = "one of the inputs that it begins with; see above"
	var last string
	shown := time.Now()
	lines := bufio.NewReader(read)
	for {
		line, readErr := lines.ReadString('\n')
		if path, ok := strings.CutPrefix(strings.TrimSpace(line), "Failing input written to "); ok {
			input = filepath.Join(t.dir, path)
		}
		switch {
		case !strings.HasPrefix(line, "fuzz: elapsed: "):
			fmt.Fprint(f.out, line)
		case time.Since(shown) > f.pause:
			fmt.Fprint(f.out, line)
			last, shown = "", time.Now()
		default:
			last = line
		}
		if readErr != nil {
			break
		}
	}
	fmt.Fprint(f.out, last)
	return input, <-ended
}
