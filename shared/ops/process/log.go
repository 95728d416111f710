package process

import (
	"fmt"
	"os"
	"strings"
)

const (
	maxLog    = 10 << 20 // bytes; a longer log is renamed when it is opened
	tailLines = 8
)

// OpenLog opens a log file for appending. A log longer than 10 MiB is first renamed to path.old,
// which replaces an earlier one.
func OpenLog(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > maxLog {
		if err := os.Rename(path, path+".old"); err != nil {
			return nil, fmt.Errorf("rotate a log: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open a log: %w", err)
	}
	return f, nil
}

// tail returns the last lines of a log after its first skip bytes.
func tail(path string, skip int64) string {
	content, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	content = content[min(skip, int64(len(content))):]
	lines := strings.Split(strings.TrimSpace(string(content)), "\n")
	return strings.Join(lines[max(0, len(lines)-tailLines):], "\n")
}
