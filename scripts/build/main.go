// Command build makes every function of template.yaml: for Lambda, as bootstrap and zip, and for Linux hosts. `make build`
// calls it, and so does `sam build` through the target build-<Function>, for one function and a folder of its own.
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
	out := flag.String("out", ".build/release", "the `folder` to write lambda/ and host/ into")
	arch := flag.String("arch", runtime.GOARCH, "the hosts' processors: amd64 or arm64")
	lambdaArch := flag.String("lambda-arch", "", "Lambda's processors; what the template says, if unset")
	function := flag.String("function", "", "build this function's bootstrap for Lambda into -artifacts, and nothing else")
	artifacts := flag.String("artifacts", "", "the `folder` that `sam build` names")
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
	// What an earlier build left of a function that is no more must not be deployed.
	for _, folder := range []string{"lambda", "host"} {
		if err := os.RemoveAll(filepath.Join(*out, folder)); err != nil {
			return err
		}
	}
	fmt.Printf("building %d functions for hosts, linux/%s\n", len(template.Functions), *arch)
	if err := release.Build(ctx, ".", filepath.Join(*out, "host"), release.Target{Arch: *arch}, os.Stderr, packages...); err != nil {
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

// architecture is what Go calls the function's processor.
func architecture(f sam.Function) string {
	if len(f.Architectures) == 1 && f.Architectures[0] == "arm64" {
		return "arm64"
	}
	return "amd64" // CloudFormation's x86_64, and its default
}

func bootstrap(ctx context.Context, area, dir string, t release.Target) error {
	if err := release.Build(ctx, ".", dir, t, os.Stderr, "./functions/"+area); err != nil {
		return err
	}
	return os.Rename(filepath.Join(dir, area), filepath.Join(dir, "bootstrap"))
}

func forSAM(ctx context.Context, template *sam.Template, name, artifacts string) error {
	if artifacts == "" {
		return errors.New("`sam build` calls this target, and names ARTIFACTS_DIR; to build by hand: make build")
	}
	f, ok := template.Function(strings.ToLower(name))
	if !ok || f.Name != name {
		return fmt.Errorf("template.yaml has no function %s", name)
	}
	return bootstrap(ctx, f.Area, artifacts, release.Target{Arch: architecture(f), Lambda: true})
}
