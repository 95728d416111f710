// Command deploy puts one function onto a host while it serves, goes back to the release before, or shows what runs:
//
//	deploy -function post -host user@host [-migrate]
//	deploy -rollback -function post -host user@host
//	deploy -status -host user@host
//
// The host `local` is a folder of this machine, -root, in which scripts/supervise runs. What is done there is in steps.sh.
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
	"runtime"
	"strings"
	"syscall"
	"time"

	"minifb/shared/ops/release"
	"minifb/shared/ops/sam"
)

//go:embed steps.sh
var steps string

type order struct {
	function, host, root, binary string
	rollback, status, migrate    bool
}

func main() {
	var o order
	flag.StringVar(&o.function, "function", "", "the function's `area`, such as post")
	flag.StringVar(&o.host, "host", "", "`user@host` as ssh takes it, or local; the variable SSH may name another ssh with options")
	flag.StringVar(&o.root, "root", "", "with -host local: the `folder` that scripts/supervise runs in")
	flag.StringVar(&o.binary, "binary", "", "deploy this `file` instead of building")
	flag.BoolVar(&o.migrate, "migrate", false, "bring the database's schema up to date first")
	flag.BoolVar(&o.rollback, "rollback", false, "go back to the release before")
	flag.BoolVar(&o.status, "status", false, "show what runs, since when, and whether it is ready")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := o.run(ctx)
	stop()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() > 0 {
		os.Exit(exit.ExitCode()) // it has said why
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "deploy:", err)
		os.Exit(1)
	}
}

func (o order) run(ctx context.Context) error {
	local := o.host == "local"
	switch {
	case o.host == "":
		return errors.New("name the host: HOST=user@host, or HOST=local ROOT=folder")
	case local && o.root == "":
		return errors.New("HOST=local takes ROOT=folder, the one that `make supervise` runs in")
	case !local && o.root != "":
		return errors.New("ROOT goes with HOST=local alone")
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
		return fmt.Errorf("template.yaml has no function %q: name one as its folder under functions/ is called", o.function)
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
	var release bytes.Buffer
	if err := pack(&release, files); err != nil {
		return err
	}
	migrate := ""
	if o.migrate {
		migrate = "yes"
	}
	name := time.Now().UTC().Format("20060102T150405.000") + "-" + sum[:12]
	return o.send(ctx, &release, append(variables, "VERB=deploy", "RELEASE="+name, "HASH="+sum, "MIGRATE="+migrate)...)
}

// build answers the files that a release is made of.
func (o order) build(ctx context.Context, area string) (map[string]string, error) {
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

// architecture is the host's, as Go calls it.
func (o order) architecture(ctx context.Context) (string, error) {
	if o.host == "local" {
		return runtime.GOARCH, nil
	}
	ask := ssh(ctx, o.host, "uname -m")
	ask.Stderr = os.Stderr
	said, err := ask.Output()
	if err != nil {
		return "", fmt.Errorf("%s cannot be reached by ssh: %v", o.host, err) //nolint:errorlint // it is not the steps' own exit
	}
	switch machine := strings.TrimSpace(string(said)); machine {
	case "x86_64":
		return "amd64", nil
	case "aarch64":
		return "arm64", nil
	default:
		return "", fmt.Errorf("the host is a %s; x86_64 and aarch64 are built for", machine)
	}
}

// pack writes a tar of programs.
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

// send has the steps taken at the host, with these variables.
func (o order) send(ctx context.Context, release io.Reader, variables ...string) error {
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
		// The folders and the units are root's.
		cmd = ssh(ctx, o.host, `[ "$(id -u)" = 0 ] || as='sudo -n'; exec ${as:-} sh -c `+quote(script.String()))
	}
	// What has begun is brought to its end: the steps themselves hear no Ctrl-C, and we wait for them.
	cmd.Cancel = func() error { return nil }
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's Ctrl-C is for us alone
	cmd.Stdin, cmd.Stdout, cmd.Stderr = release, os.Stdout, os.Stderr
	return cmd.Run()
}

func ssh(ctx context.Context, host, command string) *exec.Cmd {
	program := strings.Fields(os.Getenv("SSH"))
	if len(program) == 0 {
		program = []string{"ssh"}
	}
	return exec.CommandContext(ctx, program[0], append(program[1:], "-o", "BatchMode=yes", host, "--", command)...)
}

// quote makes one word of the shell of s.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
