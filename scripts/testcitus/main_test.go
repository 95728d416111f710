package main

import (
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/trial"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	env := func(values map[string]string) func(string) string {
		return func(name string) string { return values[name] }
	}
	s, err := readSettings(env(map[string]string{"CITUS": "c"}))
	if err != nil || s.citus != "c" || len(s.steps) != len(allSteps) || s.operations != 20_000 || s.rounds != 60 {
		t.Errorf("the defaults are %+v, %v", s, err)
	}
	s, err = readSettings(env(map[string]string{
		"CITUS": "c", "STEPS": "latency,store", "RUN": "TestA", "OPERATIONS": "5", "ROUNDS": "1",
	}))
	if err != nil || len(s.steps) != 2 || s.steps[0].name != "latency" || s.tests != "TestA" ||
		s.operations != 5 || s.rounds != 1 {
		t.Errorf("got %+v, %v", s, err)
	}
	_, err = readSettings(env(map[string]string{"STEPS": "nothing", "RUN": "(", "OPERATIONS": "0", "ROUNDS": "x"}))
	for _, name := range []string{"CITUS", "STEPS", "RUN", "OPERATIONS", "ROUNDS"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %s: %v", name, err)
		}
	}
}

// A folder without Citus is refused before anything is built or started.
func TestAFolderWithoutCitus(t *testing.T) {
	t.Parallel()
	var output strings.Builder
	_, err := settings{citus: t.TempDir()}.run(t.Context(), t.TempDir(), &output)
	if err == nil || !strings.Contains(err.Error(), "is not the source of Citus") {
		t.Errorf("got %v", err)
	}
}

// What a lost worker may cause is no failure, and each broken promise is one.
func TestJudge(t *testing.T) {
	t.Parallel()
	killed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	back := killed.Add(absent)
	for _, c := range []struct {
		name          string
		first, last   int // the seconds after the kill between which requests fail
		writes        trial.Writes
		wantSubstring string
	}{
		{"good", 0, 11, trial.Writes{}, ""},
		{"lost", 0, 11, trial.Writes{Lost: 1}, "1 acknowledged writes were lost"},
		{"too long", 0, 25, trial.Writes{}, "for more than 10s after the worker's return"},
		{"too early", -2, 11, trial.Writes{}, "before the kill"},
		{"not used", 0, 0, trial.Writes{}, "so it was not used"},
	} {
		var requests []trial.Ended
		for tenth := -50; tenth < 300; tenth++ {
			status := 201
			if tenth >= 10*c.first && tenth < 10*c.last {
				status = 503
			}
			requests = append(requests, trial.Ended{
				Begun: killed.Add(time.Duration(tenth) * time.Second / 10), Took: time.Millisecond, Status: status,
			})
		}
		var output strings.Builder
		r := &runner{output: &output}
		broken := strings.Join(r.judge(requests, c.writes, killed, back), "\n")
		if (broken == "") != (c.wantSubstring == "") || !strings.Contains(broken, c.wantSubstring) {
			t.Errorf("%s: got %q, want %q", c.name, broken, c.wantSubstring)
		}
	}
}
