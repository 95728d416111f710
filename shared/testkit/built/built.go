// Package built gives tests the programs of the functions, which `make test` builds once for all.
package built

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"minifb/shared/ops/release"
)

// Variable is the environment variable with the folder of programs that `make test` has built by All.
const Variable = "TEST_PROGRAMS"

// All builds the functions, for hosts into folder/host and for Lambda into folder/lambda, and programs
// that several tests need. source is the repository.
func All(ctx context.Context, source, folder string) error {
	for _, lambda := range []bool{false, true} {
		err := build(ctx, source, filepath.Join(folder, kind(lambda)), lambda,
			"./functions/...", "./shared/testkit/parity/probe", "./shared/testkit/smtpserver/process")
		if err != nil {
			return err
		}
	}
	return nil
}

// Programs returns a folder with the programs of these packages, for hosts or for Lambda: the one that
// Variable names, or else dir, into which it builds them. The files in it must not be changed. source
// is the repository.
func Programs(ctx context.Context, source, dir string, lambda bool, packages ...string) (string, error) {
	if folder := os.Getenv(Variable); folder != "" {
		return filepath.Join(folder, kind(lambda)), nil
	}
	return dir, build(ctx, source, dir, lambda, packages...)
}

func kind(lambda bool) string {
	if lambda {
		return "lambda"
	}
	return "host"
}

func build(ctx context.Context, source, dir string, lambda bool, packages ...string) error {
	var output strings.Builder
	target := release.Target{Arch: runtime.GOARCH, Lambda: lambda}
	if err := release.Build(ctx, source, dir, target, &output, packages...); err != nil {
		return fmt.Errorf("%w\n%s", err, output.String())
	}
	return nil
}
