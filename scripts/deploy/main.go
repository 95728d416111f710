// Command deploy replaces the release of one function on a host without losing a request, goes back
// to the previous release, or shows the state of all functions:
//
//	deploy -function post -host user@host [-migrate]
//	deploy -rollback -function post -host user@host
//	deploy -status -host user@host
//
// The host `local` is a folder of this machine, -root, that scripts/supervise serves. The steps on
// the host are in steps.sh.
package main

import (
	"archive/tar"
	"bytes"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"

	"minifb/shared/ops/release"
	"minifb/shared/ops/sam"
)

//go:embed steps.sh
var steps string

// options are the command's flags.
type options struct {
	function, host, root, binary string
	rollback, status, migrate    bool
}

// plainHost matches what is a host to ssh in any case, and never one of its options, some of which
// run commands.
var plainHost = regexp.MustCompile(`^([A-Za-z0-9._][A-Za-z0-9._-]*@)?[A-Za-z0-9._:[][A-Za-z0-9._:\[\]-]*$`)

func main() {
	var o options
	flag.StringVar(&o.function, "function", "", "the function's `area`, such as post")
	flag.StringVar(&o.host, "host", "", "`user@host` for ssh, or local; the variable SSH can name another ssh")
	flag.StringVar(&o.root, "root", "", "with -host local: the `folder` that scripts/supervise serves")
	flag.StringVar(&o.binary, "binary", "", "deploy this `file` instead of a build of this checkout")
	flag.BoolVar(&o.migrate, "migrate", false, "apply the new migrations first")
	flag.BoolVar(&o.rollback, "rollback", false, "go back to the previous release")
	flag.BoolVar(&o.status, "status", false, "show the release and state of each function, and whether it is ready")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := o.run(ctx)
	stop()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() > 0 {
		os.Exit(exit.ExitCode()) // the steps have printed the reason
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "deploy:", err)
		os.Exit(1)
	}
}

func (o options) run(ctx context.Context) error {
	local := o.host == "local"
	switch {
	case o.host == "":
		return errors.New("set HOST=user@host, or HOST=local ROOT=folder")
	case !plainHost.MatchString(o.host):
		return errors.New("HOST must be a host or user@host of letters, digits and . _ - : [ ], " +
			"and neither part may begin with a hyphen")
	case local && o.root == "":
		return errors.New("HOST=local needs ROOT=folder, the folder of `make supervise`")
	case !local && o.root != "":
		return errors.New("ROOT is only for HOST=local")
	}
	if local {
		root, err := filepath.Abs(o.root)
		if err != nil {
			return err
		}
		o.root = root
	}
	if o.status {
		return o.send(ctx, nil, "VERB=status", "AREA=")
	}
	template, err := sam.Load("template.yaml")
	if err != nil {
		return err
	}
	function, ok := template.Function(o.function)
	if !ok {
		return fmt.Errorf("template.yaml has no function %q; set FUNCTION to a folder of functions/", o.function)
	}
	variables := []string{"AREA=" + function.Area, "PROBE=" + probePath(function)}
	if o.rollback {
		return o.send(ctx, nil, append(variables, "VERB=rollback")...)
	}
	files, err := o.build(ctx, function.Area)
	if err != nil {
		return err
	}
	sum, err := release.Sum(files["bootstrap"])
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	if err := pack(&archive, files); err != nil {
		return err
	}
	migrate := ""
	if o.migrate {
		migrate = "yes"
	}
	name := time.Now().UTC().Format("20060102T150405.000") + "-" + sum[:12]
	variables = append(variables, "VERB=deploy", "RELEASE="+name, "HASH="+sum, "MIGRATE="+migrate)
	return o.send(ctx, &archive, variables...)
}

// build builds a release, and returns the paths of its files by their names in it.
func (o options) build(ctx context.Context, area string) (map[string]string, error) {
	out := filepath.Join(".build", "deployed")
	files := map[string]string{"bootstrap": filepath.Join(out, area)}
	packages := []string{"./functions/" + area}
	if o.migrate {
		packages = append(packages, "./scripts/migrate")
		files["migrate"] = filepath.Join(out, "migrate")
	}
	if o.binary != "" {
		files["bootstrap"] = o.binary
		packages = packages[1:]
	}
	if len(packages) == 0 {
		return files, nil
	}
	arch, err := o.architecture(ctx)
	if err != nil {
		return nil, err
	}
	return files, release.Build(ctx, ".", out, release.Target{Arch: arch}, os.Stderr, packages...)
}

// architecture returns the host's GOARCH.
func (o options) architecture(ctx context.Context) (string, error) {
	if o.host == "local" {
		return runtime.GOARCH, nil
	}
	uname := ssh(ctx, o.host, "uname -m")
	uname.Stderr = os.Stderr
	output, err := uname.Output()
	if err != nil {
		//nolint:errorlint // wrapped, it would look like the exit of steps.sh to main
		return "", fmt.Errorf("run uname on %s by ssh: %v", o.host, err)
	}
	switch machine := strings.TrimSpace(string(output)); machine {
	case "x86_64":
		return "amd64", nil
	case "aarch64":
		return "arm64", nil
	default:
		return "", fmt.Errorf("the host's processor is %s; only x86_64 and aarch64 are supported", machine)
	}
}

// pack writes a tar of executable files, given by their names in it.
func pack(w io.Writer, files map[string]string) error {
	t := tar.NewWriter(w)
	for name, path := range files {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := t.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content))}); err != nil {
			return err
		}
		if _, err := t.Write(content); err != nil {
			return err
		}
	}
	return t.Close()
}

// send runs steps.sh on the host, with these variables and with archive as its standard input.
func (o options) send(ctx context.Context, archive io.Reader, variables ...string) error {
	var script strings.Builder
	for _, v := range append(variables, "ROOT="+o.root) {
		name, value, _ := strings.Cut(v, "=")
		script.WriteString(name + "=" + quote(value) + "\n")
	}
	script.WriteString(steps)
	var cmd *exec.Cmd
	if o.host == "local" {
		cmd = exec.CommandContext(ctx, "sh", "-c", script.String())
	} else {
		// The folders and the units belong to root.
		cmd = ssh(ctx, o.host, `[ "$(id -u)" = 0 ] || as='sudo -n'; exec ${as:-} sh -c `+quote(script.String()))
	}
	// Steps that have begun are completed: they do not receive the terminal's Ctrl-C, and this
	// process waits for them.
	cmd.Cancel = func() error { return nil }
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = archive, os.Stdout, os.Stderr
	return cmd.Run()
}

// ssh returns the command that runs a command of the shell on the host.
func ssh(ctx context.Context, host, command string) *exec.Cmd {
	program := strings.Fields(os.Getenv("SSH"))
	if len(program) == 0 {
		program = []string{"ssh"}
	}
	return exec.CommandContext(ctx, program[0], append(program[1:], "-o", "BatchMode=yes", host, "--", command)...)
}

// quote returns s as one word of the shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
