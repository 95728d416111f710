package main

import (
	"bytes"
	"context"
	_ "embed" // for the script of wrk
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"minifb/shared/ops/process"
)

//go:embed load.lua
var loadScript string

// A sent is what wrk reports at its end, in requests and microseconds.
type sent struct {
	Requests, Duration, P50, P99          int64
	Connect, Read, Write, Timeout, Status int64 // errors; Status: responses above 399
}

// parseSent reads the line that load.lua prints, the last of wrk's output.
func parseSent(output []byte) (s sent, err error) {
	lines := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	last := lines[len(lines)-1]
	if err := json.Unmarshal(last, &s); err != nil {
		return s, fmt.Errorf("wrk's last line is %q, and not its result: %w", last, err)
	}
	if s.Duration <= 0 {
		return s, fmt.Errorf("wrk's result has no duration: %q", last)
	}
	return s, nil
}

// invalid says what was wrong with the requests, and nothing if all had a response with a success.
func (s sent) invalid() string {
	if s.Requests == 0 {
		return "no response"
	}
	var wrong []string
	for _, kind := range []struct {
		n    int64
		what string
	}{
		{s.Status, "not 2xx"}, {s.Connect, "not connected"}, {s.Read, "not read"}, {s.Write, "not written"},
		{s.Timeout, "timed out"},
	} {
		if kind.n > 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s", kind.n, kind.what))
		}
	}
	return strings.Join(wrong, ", ")
}

// wrkTimeout is longer than any response takes: password hashes wait for each other.
const wrkTimeout = 30 * time.Second

// maxWarmUps is how often a load is repeated until each token was sent once.
const maxWarmUps = 5

// warm sends the row's requests until the function has verified the token of each viewer, as one that has served for
// minutes has: it remembers them.
func (b *bench) warm(ctx context.Context, r row, url string) error {
	if err := b.refreshTokens(); err != nil || b.warmUp == 0 {
		return err
	}
	left := len(b.viewers)
	if !r.signed {
		left = 1
	}
	for n := 0; n < maxWarmUps && left > 0; n++ {
		sent, err := b.load(ctx, r, url, b.warmUp)
		if err != nil {
			return err
		}
		left -= int(sent.Requests)
	}
	return nil
}

// load sends the row's requests to the functions at url for some time. The viewers send them in turn, over all loads.
func (b *bench) load(ctx context.Context, r row, url string, duration time.Duration) (s sent, err error) {
	tokens := ""
	if r.signed {
		tokens = b.tokensPath()
	}
	b.seed++
	arguments := []string{
		"-t1", "-c" + strconv.Itoa(r.clients), "-d" + seconds(duration) + "s", "--timeout", seconds(wrkTimeout) + "s",
		"-s", filepath.Join(b.dir, "load.lua"), url, "--",
		r.method, tokens, r.body, strconv.Itoa(b.size.Posts), strconv.Itoa(b.size.Writers),
		strconv.Itoa(b.size.writerStep()), strconv.FormatInt(b.pause.Milliseconds(), 10), strconv.Itoa(b.seed),
		strconv.FormatInt(b.sent, 10),
	}
	output, err := runProgram(ctx, exec.Command("wrk", append(arguments, r.paths...)...))
	if errors.Is(err, exec.ErrNotFound) {
		return s, errors.New("wrk is not installed on this machine; scripts/install wrk installs it")
	}
	if err != nil {
		return s, err
	}
	s, err = parseSent(output)
	b.sent += s.Requests
	return s, err
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

// tokenLife is how long the same tokens are sent. They are valid for longer than a measurement after that.
const tokenLife = 2 * time.Minute

// tokensPath returns the path of the file with an access token of each viewer, one in a line.
func (b *bench) tokensPath() string { return filepath.Join(b.dir, "tokens") }

// refreshTokens writes that file, unless its tokens are new enough.
func (b *bench) refreshTokens() error {
	if time.Since(b.signed) < tokenLife {
		return nil
	}
	var text strings.Builder
	for _, claims := range b.viewers {
		token, err := b.bundle.Signer.Sign(claims)
		if err != nil {
			return err
		}
		text.WriteString(token + "\n")
	}
	b.signed = time.Now()
	return os.WriteFile(b.tokensPath(), []byte(text.String()), 0o600)
}

// runProgram runs a program, which ends with ctx or with this process, and returns what it prints.
func runProgram(ctx context.Context, cmd *exec.Cmd) ([]byte, error) {
	var output, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &messages
	if err := process.Start(cmd, syscall.SIGKILL); err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() }) // it may have just ended
	defer stop()
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", filepath.Base(cmd.Path), errors.Join(err, ctx.Err()), messages.String(),
			output.String())
	}
	return output.Bytes(), nil
}
