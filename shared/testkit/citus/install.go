// Package citus runs a PostgreSQL that is distributed with Citus: a coordinator and its workers. Citus is in no package
// registry, so it is built from its source.
package citus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"minifb/shared/ops/postgres"
	"minifb/shared/ops/process"
)

// Install builds Citus from its source, unless that is built already, and returns the directory of the programs of a
// PostgreSQL with Citus in dir: a copy of the machine's own, which has none. dir must not exist. What the builds print
// goes to output.
func Install(ctx context.Context, source, dir string, output io.Writer) (programs string, err error) {
	if source, err = filepath.Abs(source); err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(source, "src/backend/distributed")); err != nil {
		return "", fmt.Errorf("%s is not the source of Citus: %w", source, err)
	}
	own, err := findPostgres(ctx)
	if err != nil {
		return "", err
	}
	b := builder{source: source, config: own.config, output: output}
	if err := b.build(ctx); err != nil {
		return "", err
	}
	// PostgreSQL finds its other files by their paths relative to the programs.
	for _, from := range []string{own.programs, own.libraries, own.shared} {
		if err := os.CopyFS(filepath.Join(dir, from), os.DirFS(from)); err != nil {
			return "", fmt.Errorf("copy PostgreSQL: %w", err)
		}
	}
	if err := b.make(ctx, "install", "DESTDIR="+dir); err != nil {
		return "", err
	}
	return filepath.Join(dir, own.programs), nil
}

// An installed is a PostgreSQL of the machine.
type installed struct {
	config                      string // the program pg_config
	programs, libraries, shared string // directories
}

// findPostgres returns the first PostgreSQL of the machine that programs can be built for.
func findPostgres(ctx context.Context) (own installed, err error) {
	found, err := postgres.Find()
	if err != nil {
		return own, err
	}
	for _, b := range found {
		config := filepath.Join(b.Dir, "pg_config")
		text, err := exec.CommandContext(ctx, config,
			"--pgxs", "--includedir-server", "--bindir", "--pkglibdir", "--sharedir").Output()
		paths := strings.Split(strings.TrimSpace(string(text)), "\n")
		if err != nil || len(paths) != 5 {
			continue
		}
		own = installed{config, paths[2], paths[3], paths[4]}
		_, withoutMake := os.Stat(paths[0])
		_, withoutHeaders := os.Stat(filepath.Join(paths[1], "postgres.h"))
		if withoutMake == nil && withoutHeaders == nil {
			return own, nil
		}
	}
	return own, fmt.Errorf("to build Citus, install Debian's postgresql-server-dev-%d, gcc, make and flex, and the "+
		"headers that Citus names: libcurl, lz4 and zstd can be left out", found[0].Major)
}

// A builder runs the build of Citus.
type builder struct {
	source, config string
	output         io.Writer
}

func (b builder) build(ctx context.Context) error {
	for _, program := range []string{"gcc", "make"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("to build Citus, install %s: %w", program, err)
		}
	}
	if _, err := os.Stat(filepath.Join(b.source, "Makefile.global")); errors.Is(err, os.ErrNotExist) {
		// These libraries only compress results between servers, and ask for new releases.
		err := b.run(ctx, "./configure", "PG_CONFIG="+b.config, "--without-libcurl", "--without-lz4", "--without-zstd")
		if err != nil {
			return err
		}
	}
	return b.make(ctx, "-j2")
}

func (b builder) make(ctx context.Context, args ...string) error {
	return b.run(ctx, "make", append(args, "with_llvm=no")...)
}

func (b builder) run(ctx context.Context, program string, args ...string) error {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = b.source, b.output, b.output
	if err := process.Start(cmd, syscall.SIGTERM); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("build Citus in %s: %s %s: %w", b.source, program, strings.Join(args, " "),
			errors.Join(ctx.Err(), err))
	}
	return nil
}
