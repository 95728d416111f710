package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// A progress prints how far the demo has come: a bar on a terminal, and a line after each stage.
type progress struct {
	output   io.Writer
	terminal bool
}

func newProgress(f *os.File) progress { return progress{f, term.IsTerminal(int(f.Fd()))} }

func (p progress) printf(format string, args ...any) { fmt.Fprintf(p.output, format+"\n", args...) }

// stage calls do for each item, for some in parallel. It stops at the first error and returns it.
func stage[T any](
	ctx context.Context, p progress, name string, parallel int, items []T, do func(context.Context, int, T) error,
) error {
	begun := time.Now()
	bar := progressbar.NewOptions(len(items),
		progressbar.OptionSetWriter(p.output), progressbar.OptionSetVisibility(p.terminal),
		progressbar.OptionSetDescription(fmt.Sprintf("%-13s", name)), progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish())
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var group sync.WaitGroup
	for range parallel {
		group.Go(func() {
			for i := range next {
				if err := do(ctx, i, items[i]); err != nil {
					cancel(err) // keeps the first error
				}
				_ = bar.Add(1) // an error means that the bar cannot be drawn
			}
		})
	}
	for i := range items {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	group.Wait()
	if err := context.Cause(ctx); err != nil {
		_ = bar.Exit()
		return err
	}
	_ = bar.Finish()
	p.printf("%-13s %d done in %.1f s", name, len(items), time.Since(begun).Seconds())
	return nil
}
