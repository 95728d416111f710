package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/term"

	"minifb/scripts/conformance/check"
)

// progress tells on standard error how far the run is: in one line that is written over and over
// on a terminal, and else in a line each ten seconds.
type progress struct {
	out        *os.File
	isTerminal bool
	total      int
	failed     int
	last       time.Time
}

func newProgress(out *os.File, total int) *progress {
	return &progress{out: out, isTerminal: term.IsTerminal(int(out.Fd())), total: total, last: time.Now()}
}

// done is called after each case.
func (p *progress) done(n int, r check.Result) {
	if r.Failure != nil {
		p.failed++
	}
	pause := 10 * time.Second
	if p.isTerminal {
		pause = 100 * time.Millisecond
	}
	if time.Since(p.last) < pause {
		return
	}
	p.last = time.Now()
	line := fmt.Sprintf("%d of %d cases, %d failed", n, p.total, p.failed)
	if p.isTerminal {
		fmt.Fprintf(p.out, "\r\033[K%s", line)
	} else {
		fmt.Fprintln(p.out, line)
	}
}

func (p *progress) end() {
	if p.isTerminal {
		fmt.Fprint(p.out, "\r\033[K")
	}
}
