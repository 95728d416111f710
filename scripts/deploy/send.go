package main

import (
	"context"
	_ "embed"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

//go:embed steps.sh
var steps string

// send runs steps.sh on the host, with these variables and with archive as its standard input. What it
// prints goes to out.
func (o options) send(ctx context.Context, out io.Writer, archive io.Reader, variables ...string) error {
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
	cmd.Stdin, cmd.Stdout, cmd.Stderr = archive, out, os.Stderr
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
