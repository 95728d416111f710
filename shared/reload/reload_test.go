package reload

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// A fakeSource is a source whose text a test changes.
type fakeSource struct {
	text  string
	err   error
	reads int
}

func (f *fakeSource) source(remote bool) Source {
	return Source{maxAge: time.Minute, remote: remote, read: func() ([]byte, error) {
		f.reads++
		return []byte(f.text), f.err
	}}
}

var errBad = errors.New("the text is bad")

func parse(text []byte) (string, error) {
	if strings.HasPrefix(string(text), "bad") {
		return "", errBad
	}
	return string(text), nil
}

func want(t *testing.T, v *Value[string], value string) {
	t.Helper()
	if got, err := v.Get(); got != value || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, value)
	}
}

func TestAChangeIsFoundAfterTheMaximumAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSource{text: "one"}
		v, err := New(f.source(false), parse)
		if err != nil {
			t.Fatal(err)
		}
		f.text = "two"
		time.Sleep(time.Minute - time.Nanosecond)
		want(t, v, "one")
		time.Sleep(time.Nanosecond)
		want(t, v, "two")
		want(t, v, "two")
		if f.reads != 2 {
			t.Errorf("the source was read %d times, want 2", f.reads)
		}
	})
}

func TestTheLastGoodValueStays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		f := &fakeSource{text: "one"}
		v, err := New(f.source(false), parse)
		if err != nil {
			t.Fatal(err)
		}
		v.LogTo(slog.New(slog.NewTextHandler(&log, nil)), "keys")
		for _, step := range []struct {
			text  string
			err   error
			value string
			log   string // a part of what is logged; empty: nothing is
		}{
			{"one", nil, "one", ""},
			{"bad", nil, "one", errBad.Error()},
			{"bad", nil, "one", ""},
			{"bad, too", nil, "one", errBad.Error()},
			{"", os.ErrPermission, "one", "permission denied"},
			{"", os.ErrPermission, "one", ""},
			{"one", nil, "one", "has not changed"},
			{"two", nil, "two", "has changed"},
			{"two", nil, "two", ""},
		} {
			f.text, f.err = step.text, step.err
			time.Sleep(time.Minute)
			log.Reset()
			want(t, v, step.value)
			want(t, v, step.value)
			lines := strings.Count(log.String(), "\n")
			if !strings.Contains(log.String(), step.log) || (lines == 1) != (step.log != "") || lines > 1 {
				t.Errorf("%q, %v: the log is %q, want one line with %q", step.text, step.err, log.String(), step.log)
			}
		}
	})
}

func TestAFailureIsTriedAgainSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSource{text: "one"}
		v, err := New(f.source(false), parse)
		if err != nil {
			t.Fatal(err)
		}
		f.err = os.ErrPermission
		time.Sleep(time.Minute)
		want(t, v, "one")
		f.text, f.err = "two", nil
		time.Sleep(minInterval - time.Nanosecond)
		want(t, v, "one")
		time.Sleep(time.Nanosecond)
		want(t, v, "two")
	})
}

func TestRenewReadsAtMostEveryTenSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSource{text: "one"}
		v, err := New(f.source(true), parse)
		if err != nil {
			t.Fatal(err)
		}
		f.text = "two"
		time.Sleep(minInterval)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if got, err := v.Renew(); got != "two" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
			})
		}
		all.Wait()
		if f.reads != 2 {
			t.Errorf("the source was read %d times, want 2", f.reads)
		}
		f.text = "three"
		if got, err := v.Renew(); got != "two" || err != nil {
			t.Errorf("just after a read: got %q, %v", got, err)
		}
	})
}

// A slow source delays the request that reads it, and no other.
func TestASlowSourceDelaysOneCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := false
		v, err := New(Source{maxAge: time.Minute, read: func() ([]byte, error) {
			if slow {
				time.Sleep(urlTimeout)
			}
			return []byte("one"), nil
		}}, parse)
		if err != nil {
			t.Fatal(err)
		}
		slow = true
		time.Sleep(time.Minute)
		var all sync.WaitGroup
		all.Go(func() { want(t, v, "one") })
		synctest.Wait()
		begun := time.Now()
		want(t, v, "one")
		if took := time.Since(begun); took > 0 {
			t.Errorf("another caller waited %v", took)
		}
		all.Wait()
	})
}

func TestAStartWithoutTheSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSource{err: os.ErrDeadlineExceeded}
		if _, err := New(f.source(false), parse); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a file that cannot be read: %v", err)
		}
		v, err := New(f.source(true), parse)
		if err != nil {
			t.Fatalf("a URL that cannot be reached: %v", err)
		}
		var log bytes.Buffer
		v.LogTo(slog.New(slog.NewTextHandler(&log, nil)), "keys")
		if !strings.Contains(log.String(), "setting=keys") {
			t.Errorf("the log is %q", log.String())
		}
		f.reads = 0
		for range 3 {
			if _, err := v.Get(); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("got %v", err)
			}
		}
		if f.reads != 0 {
			t.Errorf("within ten seconds the source was read %d times", f.reads)
		}
		time.Sleep(minInterval)
		f.text, f.err = "one", nil
		want(t, v, "one")

		f = &fakeSource{text: "bad"}
		if _, err := New(f.source(true), parse); !errors.Is(err, errBad) {
			t.Errorf("a URL with a bad text: %v", err)
		}
	})
}

func TestAText(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, err := New(Text("one"), parse)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		want(t, v, "one")
		if got, err := v.Renew(); got != "one" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		if _, err := New(Text("bad"), parse); !errors.Is(err, errBad) {
			t.Errorf("a bad text: %v", err)
		}
	})
}

func TestAFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "secret")
		_, err := New(File(path), parse)
		if !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "secret") {
			t.Errorf("a missing file: %v", err)
		}
		write := func(text string) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("one")
		v, err := New(File(path), parse)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct{ text, value string }{
			{"two", "two"},
			{strings.Repeat("x", MaxText+1), "two"},
			{strings.Repeat("x", MaxText), strings.Repeat("x", MaxText)},
		} {
			write(step.text)
			time.Sleep(fileMaxAge)
			want(t, v, step.value)
		}
		if _, err := File(filepath.Dir(path)).Read(); err == nil || strings.Contains(err.Error(), "/") {
			t.Errorf("a directory: %v", err)
		}
	})
}
