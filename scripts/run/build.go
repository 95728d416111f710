package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"minifb/shared/sam"
)

// build compiles every function of the template into dir. The flags are those that this program is itself built with, so that
// nothing is compiled twice.
func build(ctx context.Context, t *sam.Template, dir string) error {
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-o", dir + string(filepath.Separator)}
	for _, f := range t.Functions {
		folder := filepath.Join("functions", f.Area)
		if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s lists the function %s, but there is no folder %s", templateFile, f.Name, folder)
		}
		args = append(args, "./"+filepath.ToSlash(folder))
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("the functions do not build: %w\n%s", err, strings.TrimSpace(said.String()))
	}
	return nil
}
