// Command build builds every function of template.yaml: for Lambda, as bootstrap and zip, and for
// Linux hosts. `make build` runs it. `sam build` runs it for one function, by the Makefile's target
// build-<Function>.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"minifb/shared/ops/release"
	"minifb/shared/ops/sam"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	out := flag.String("out", ".build/release", "the `folder` to write lambda/ and host/ to")
	arch := flag.String("arch", runtime.GOARCH, "the hosts' processors: amd64 or arm64")
	lambdaArch := flag.String("lambda-arch", "", "Lambda's processors (default: those of the template)")
	function := flag.String("function", "", "build only this function's bootstrap for Lambda, in -artifacts")
	artifacts := flag.String("artifacts", "", "the `folder` that `sam build` passes")
	flag.Parse()
	template, err := sam.Load("template.yaml")
	if err != nil {
		return err
	}
	if *function != "" {
		return forSAM(ctx, template, *function, *artifacts)
	}
	packages := []string{"./scripts/migrate"}
	for _, f := range template.Functions {
		packages = append(packages, "./functions/"+f.Area)
	}
	// Binaries of functions that no longer exist must not be deployed.
	for _, folder := range []string{"lambda", "host"} {
		if err := os.RemoveAll(filepath.Join(*out, folder)); err != nil {
			return err
		}
	}
	fmt.Printf("building %d functions for hosts, linux/%s\n", len(template.Functions), *arch)
	hosts := release.Target{Arch: *arch}
	if err := release.Build(ctx, ".", filepath.Join(*out, "host"), hosts, os.Stderr, packages...); err != nil {
		return err
	}
	for i, f := range template.Functions {
		target := release.Target{Arch: *lambdaArch, Lambda: true}
		if target.Arch == "" {
			target.Arch = architecture(f)
		}
		fmt.Printf("building %d of %d for Lambda, linux/%s: %s\n", i+1, len(template.Functions), target.Arch, f.Area)
		dir := filepath.Join(*out, "lambda", f.Area)
		if err := bootstrap(ctx, f.Area, dir, target); err != nil {
			return err
		}
		if err := release.Zip(dir+".zip", filepath.Join(dir, "bootstrap")); err != nil {
			return err
		}
	}
	return release.Report(os.Stdout, *out)
}

// architecture returns the GOARCH of a function on Lambda.
func architecture(f sam.Function) string {
	if len(f.Architectures) == 1 && f.Architectures[0] == "arm64" {
		return "arm64"
	}
	return "amd64" // x86_64 is Lambda's default
}

// bootstrap builds a function for Lambda as the file bootstrap in dir.
func bootstrap(ctx context.Context, area, dir string, t release.Target) error {
	if err := release.Build(ctx, ".", dir, t, os.Stderr, "./functions/"+area); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, area), filepath.Join(dir, "bootstrap"))
}

// forSAM builds one function for `sam build`.
func forSAM(ctx context.Context, template *sam.Template, name, artifacts string) error {
	if artifacts == "" {
		return errors.New("ARTIFACTS_DIR is not set; this target is for `sam build`, use `make build` instead")
	}
	f, ok := template.Function(strings.ToLower(name))
	if !ok || f.Name != name {
		return fmt.Errorf("template.yaml has no function %s", name)
	}
	return bootstrap(ctx, f.Area, artifacts, release.Target{Arch: architecture(f), Lambda: true})
}
