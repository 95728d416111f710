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

// A screen shows how far it is: with a bar on a terminal, with a line a stage elsewhere.
type screen struct {
	out      io.Writer
	terminal bool
}

func newScreen(f *os.File) screen { return screen{f, term.IsTerminal(int(f.Fd()))} }

func (s screen) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// stage does a thing for each item, `parallel` at once, and shows how far it is. The first error ends it.
func stage[T any](ctx context.Context, s screen, name string, parallel int, items []T, do func(context.Context, int, T) error) error {
	begun := time.Now()
	bar := progressbar.NewOptions(len(items),
		progressbar.OptionSetWriter(s.out), progressbar.OptionSetVisibility(s.terminal), progressbar.OptionSetDescription(fmt.Sprintf("%-13s", name)),
		progressbar.OptionShowCount(), progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish())
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var group sync.WaitGroup
	for range parallel {
		group.Go(func() {
			for i := range next {
				if err := do(ctx, i, items[i]); err != nil {
					cancel(err) // the first one stays
				}
				_ = bar.Add(1) // a bar that cannot be drawn
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
	s.say("%-13s %d done in %.1f s", name, len(items), time.Since(begun).Seconds())
	return nil
}
