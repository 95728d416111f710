// Command openapi writes the OpenAPI document of the whole bundle, which the function docs serves: it
// builds the functions of template.yaml, asks each for its own part, and merges the parts.
// `make openapi` runs it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"minifb/shared/ops/release"
	"minifb/shared/ops/sam"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	out := flag.String("out", "functions/docs/openapi.json", "the `file` to write")
	flag.Parse()
	template, err := sam.Load("template.yaml")
	if err != nil {
		return err
	}
	programs, err := os.MkdirTemp("", "minifb-openapi")
	if err != nil {
		return err
	}
	defer os.RemoveAll(programs)
	target := release.Target{Arch: runtime.GOARCH}
	if err := release.Build(ctx, ".", programs, target, os.Stderr, "./functions/..."); err != nil {
		return err
	}
	text, err := write(ctx, template, programs)
	if err != nil {
		return err
	}
	return os.WriteFile(*out, text, 0o644) //nolint:gosec // it is served to everybody
}

// write returns the document of the functions, whose programs are in a folder.
func write(ctx context.Context, template *sam.Template, programs string) (text []byte, err error) {
	merged := newDocument()
	for _, f := range template.Functions {
		command := exec.CommandContext(ctx, filepath.Join(programs, f.Area), "openapi")
		command.Stderr = os.Stderr
		printed, err := command.Output()
		if err != nil {
			return nil, fmt.Errorf("%s openapi: %w", f.Area, err)
		}
		var p part
		if err := json.Unmarshal(printed, &p); err != nil {
			return nil, fmt.Errorf("%s openapi: %w", f.Area, err)
		}
		if err := merged.add(f.Area, f.Description, p); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Area, err)
		}
	}
	if err := merged.complete(); err != nil {
		return nil, err
	}
	var encoded bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(merged); err != nil {
		return nil, err
	}
	return encoded.Bytes(), nil
}
