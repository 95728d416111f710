package trial

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

// The exit code says how a run ended. Only a run that found something leaves its folder.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stopped bool
		broken  []string
		err     error
		code    int
		output  string
	}{
		"good":        {},
		"broken":      {broken: []string{"a promise"}, code: 1, output: "The logs are in "},
		"impossible":  {err: errors.New("no nginx"), code: 1, output: "make attempt: no nginx\nThe logs are in "},
		"stopped":     {stopped: true, err: context.Canceled, code: 130, output: "stopped\n"},
		"stopped too": {stopped: true, broken: []string{"a promise"}, code: 130, output: "stopped\n"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var output strings.Builder
		var dir string
		code := execute(ctx, "attempt", &output, func(_ context.Context, d string, _ io.Writer) ([]string, error) {
			dir = d
			if c.stopped {
				cancel()
			}
			return c.broken, c.err
		})
		t.Cleanup(func() { os.RemoveAll(dir) })
		got := output.String()
		if code != c.code || !strings.HasPrefix(got, c.output) || (c.output == "") != (got == "") {
			t.Errorf("%s: exit code %d, %q, want %d, %q", name, code, got, c.code, c.output)
		}
		if _, err := os.Stat(dir); (err == nil) != (code == 1) {
			t.Errorf("%s: exit code %d, and the folder: %v", name, code, err)
		}
	}
}

func TestVariables(t *testing.T) {
	t.Parallel()
	values := map[string]string{"FOUR": "4", "LOW": "-1", "WORD": "x", "FRONT": "gateway", "SIDE": "up"}
	v := NewVariables(func(name string) string { return values[name] })
	if four, unset := v.Number("FOUR", 1, 1), v.Number("UNSET", 7, 8); four != 4 || unset != 7 || v.Err() != nil {
		t.Errorf("got %d, %d and %v, want 4, 7 and no error", four, unset, v.Err())
	}
	if front, unset := v.Choice("FRONT", "nginx", "gateway"), v.Choice("UNSET", "a", "b"); front != "gateway" ||
		unset != "a" || v.Err() != nil {
		t.Errorf("got %s, %s and %v, want gateway, a and no error", front, unset, v.Err())
	}
	v.Choice("SIDE", "left", "right")
	v.Number("LOW", 1, 0)
	v.Number("WORD", 1, 0)
	v.Refuse("COLOR is red")
	for _, name := range []string{"LOW", "WORD", "COLOR", "SIDE"} {
		if err := v.Err(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}
