package stat

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"minifb/shared/store"
)

// maxRefusedLine is longer than any line of a log of refused requests, in bytes.
const maxRefusedLine = 1 << 10

// RefusedLine returns a line of the log of refused requests: of those that nginx, or the gateway of
// make run, has responded to itself. nginx.conf.tmpl has the same format. The writer is what tells
// two lines of the same time apart: the host, its process and its connection, say.
func RefusedLine(at time.Time, writer string, e store.Endpoint, took time.Duration) string {
	return fmt.Sprintf("%d.%03d %s %d %.3f %s %s\n",
		at.Unix(), at.UnixMilli()%1000, writer, e.Status, took.Seconds(), e.Method, e.Path)
}

// parseRefused reads a line, without the newline.
func parseRefused(line string) (at time.Time, e store.Endpoint, took time.Duration, ok bool) {
	fields := strings.Split(line, " ")
	if len(fields) != 6 {
		return at, e, 0, false
	}
	seconds, err1 := strconv.ParseFloat(fields[0], 64)
	status, err2 := strconv.Atoi(fields[2])
	tookSeconds, err3 := strconv.ParseFloat(fields[3], 64)
	if errors.Join(err1, err2, err3) != nil || status < 100 || status > 999 ||
		!(seconds >= 0 && seconds < 1<<33) || !(tookSeconds >= 0 && tookSeconds < 1<<20) {
		return at, e, 0, false
	}
	at = time.UnixMilli(int64(seconds * 1000))
	return at, store.Endpoint{Method: fields[4], Path: fields[5], Status: status},
		time.Duration(tookSeconds * float64(time.Second)), true
}

// StoreRefused stores the counts of the requests in a log of refused ones that were not stored yet,
// and returns how many they are. Each is counted once, whatever fails: the log's position is stored
// with the counts. A log is known by its first line, so it may be rotated to path.1 or path.old, copied or
// truncated. Without a path or without a file there is nothing to do.
func StoreRefused(ctx context.Context, s *store.Store, path string) (total int64, err error) {
	if path == "" {
		return 0, nil
	}
	for _, name := range []string{path + ".1", path + ".old", path} {
		n, err := storeRefused(ctx, s, name)
		total += n
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return total, fmt.Errorf("count refused requests: %w", err)
		}
	}
	return total, nil
}

func storeRefused(ctx context.Context, s *store.Store, path string) (total int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || time.Since(info.ModTime()) > kept {
		return 0, err // no line would be shown any more
	}
	first, err := bufio.NewReaderSize(file, maxRefusedLine).ReadSlice('\n')
	if errors.Is(err, io.EOF) {
		return 0, nil // no line is complete
	}
	if _, _, _, ok := parseRefused(strings.TrimSuffix(string(first), "\n")); err != nil || !ok {
		return 0, fmt.Errorf("%s is not a log of refused requests", path)
	}
	writer := "log " + strings.TrimSpace(string(first))
	position, err := s.RequestPosition(ctx, writer)
	if err != nil {
		return 0, err
	}
	if _, err := file.Seek(position, io.SeekStart); err != nil {
		return 0, err
	}
	lines := bufio.NewReader(file)
	for {
		batch, length, err := readBatch(lines)
		if err != nil || len(batch.Counts) == 0 {
			return total, err
		}
		added, err := s.AddRequests(ctx, writer, position, position+length, batch)
		if err != nil || !added { // another process is counting the same log
			return total, err
		}
		position += length
		for _, n := range batch.Counts {
			total += n
		}
	}
}

// readBatch returns a batch of the next lines, which are of one step, and their length in bytes. It
// reads no line that is not complete yet, and skips those that are too old to be shown or that it
// cannot read. The batch is empty if no line is left to be counted.
func readBatch(lines *bufio.Reader) (batch store.RequestBatch, length int64, err error) {
	oldest := time.Now().Add(-kept)
	batch.Counts = map[store.Endpoint]int64{}
	for {
		next, err := lines.Peek(maxRefusedLine)
		if err != nil && !errors.Is(err, io.EOF) {
			return batch, 0, err
		}
		end := bytes.IndexByte(next, '\n') + 1
		switch {
		case end == 0 && err == nil: // no line is that long
			end = len(next)
		case end == 0:
			return batch, length, nil
		}
		at, endpoint, took, ok := parseRefused(string(next[:end-1]))
		if ok && at.After(oldest) {
			at = at.Truncate(store.RequestStep)
			if len(batch.Counts) > 0 && !at.Equal(batch.At) {
				return batch, length, nil
			}
			batch.At = at
			batch.Counts[endpoint]++
			(*histogram)(&batch.Times).add(bin(took), 1)
		}
		length += int64(end)
		_, _ = lines.Discard(end) // they were peeked at
	}
}
