package stat_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minifb/shared/stat"
	"minifb/shared/store"
)

var refused = store.Endpoint{Method: "POST", Path: "/post", Status: 503}

// lines returns lines of refused requests, one second after the other. Their numbers are unique.
func lines(start time.Time, first, n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(stat.RefusedLine(start.Add(time.Duration(first+i)*time.Second), fmt.Sprint("host-1-", first+i),
			refused, 3*time.Millisecond))
	}
	return text.String()
}

// Every line of the log is counted once, through half-written lines, rotation, truncation, a second
// process, and a log that is not one.
func TestEachRefusalIsCountedOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	log := filepath.Join(t.TempDir(), "refused.log")
	start := time.Now().Add(-time.Hour)
	total := int64(0)
	count := func(when string, want int64) {
		t.Helper()
		for _, more := range []int64{want, 0} { // a second call counts nothing
			got, err := stat.StoreRefused(t.Context(), f.store, log)
			if err != nil || got != more {
				t.Errorf("%s: %d, %v, want %d", when, got, err, more)
			}
			total += more
			if n := f.counts()[refused]; n != total {
				t.Errorf("%s: %d are stored, want %d", when, n, total)
			}
		}
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	count("no log", 0)
	write(log, "")
	count("an empty log", 0)
	text := lines(start, 0, 30)
	write(log, text[:20])
	count("half a line", 0)
	write(log, text)
	count("30 lines", 30)
	more := lines(start, 30, 5)
	write(log, text+more[:len(more)-1])
	count("4 more lines, and a half-written one", 4)
	write(log+".1", text+more+lines(start, 35, 2)) // what nginx wrote after the rename
	write(log, lines(start, 40, 3))
	count("rotated", 1+2+3)
	write(log+".old", lines(start, 45, 2))
	count("rotated to another name", 2)
	write(log, lines(start, 50, 1))
	count("truncated", 1)
	write(log, lines(start, 50, 1)+"\x00 nonsense\n"+strings.Repeat("x", 5000)+"\n"+lines(start, 51, 1))
	count("lines that are none", 1)
	write(log, lines(start.Add(-50*time.Hour), 60, 2)+lines(start, 62, 1))
	count("lines that are too old", 1)
	write(log, lines(start.Add(-50*time.Hour), 70, 2))
	count("nothing but lines that are too old", 0)
	write(log, lines(start, 70, 2))
	old := time.Now().Add(-50 * time.Hour)
	if err := os.Chtimes(log, old, old); err != nil {
		t.Fatal(err)
	}
	count("a log that was written too long ago", 0)
	write(log, "not a log\n")
	_, err := stat.StoreRefused(t.Context(), f.store, log)
	if err == nil || !strings.Contains(err.Error(), "is not a log") {
		t.Errorf("another file: %v", err)
	}
	if n, err := stat.StoreRefused(t.Context(), f.store, ""); n != 0 || err != nil {
		t.Errorf("without a log: %d, %v", n, err)
	}
}

// Two processes that read the same log at once count each line once.
func TestRefusalsAreCountedOnceByTwoProcesses(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	log := filepath.Join(t.TempDir(), "refused.log")
	if err := os.WriteFile(log, []byte(lines(time.Now().Add(-time.Hour), 0, 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	counted := make(chan int64)
	for range 4 {
		go func() {
			n, err := stat.StoreRefused(t.Context(), f.store, log)
			if err != nil {
				t.Error(err)
			}
			counted <- n
		}()
	}
	total := int64(0)
	for range 4 {
		total += <-counted
	}
	if n, err := stat.StoreRefused(t.Context(), f.store, log); err != nil {
		t.Error(err)
	} else if total += n; total != 1000 || f.counts()[refused] != 1000 {
		t.Errorf("counted %d, and stored %v", total, f.counts())
	}
}

func FuzzRefusedLine(f *testing.F) {
	f.Add("1764123456.789 host-1-2 503 0.001 POST /post")
	f.Add("NaN a 200 NaN * other")
	f.Fuzz(func(t *testing.T, line string) {
		at, e, took, ok := stat.ParseRefused(line)
		if !ok {
			return
		}
		if took < 0 || e.Status < 100 || e.Status > 999 || strings.Contains(e.Path, " ") {
			t.Errorf("%q is read as %v %v %v", line, at, e, took)
		}
		again := strings.TrimSuffix(stat.RefusedLine(at, "w", e, took), "\n")
		at2, e2, _, ok := stat.ParseRefused(again)
		if !ok || e2 != e || at2.Sub(at).Abs() > time.Millisecond {
			t.Errorf("%q is written as %q", line, again)
		}
	})
}
