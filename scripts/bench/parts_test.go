package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const wrkOutput = `Running 5s test @ http://127.0.0.1:41873
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.51ms    3.86ms  52.13ms   91.15%
    Req/Sec     5.49k     1.05k    7.50k    68.00%
  27319 requests in 5.00s, 30.75MB read
  Non-2xx or 3xx responses: 12
Requests/sec:   5460.55
Transfer/sec:      6.15MB
{"requests":27319,"duration":5002976,"p50":2469,"p99":18880,"connect":0,"read":3,"write":0,"timeout":0,"status":12}
`

func TestParseSent(t *testing.T) {
	t.Parallel()
	s, err := parseSent([]byte(wrkOutput))
	if err != nil || s.Requests != 27319 || s.Duration != 5002976 || s.P50 != 2469 || s.P99 != 18880 {
		t.Errorf("got %+v, %v", s, err)
	}
	if got := s.invalid(); got != "12 not 2xx, 3 not read" {
		t.Errorf("invalid: %q", got)
	}
	for _, output := range []string{"", "unable to connect to 127.0.0.1:1\n", "{}", `{"requests":1,"duration":0}`} {
		if s, err := parseSent([]byte(output)); err == nil {
			t.Errorf("%q is %+v", output, s)
		}
	}
	for want, s := range map[string]sent{
		"": {Requests: 1}, "no response": {}, "1 not connected": {Requests: 9, Connect: 1},
		"2 not written, 3 timed out": {Requests: 9, Write: 2, Timeout: 3},
	} {
		if got := s.invalid(); got != want {
			t.Errorf("%+v: %q, want %q", s, got, want)
		}
	}
}

const pgbenchOutput = `pgbench (15.18 (Debian 15.18-0+deb12u1))
transaction type: /tmp/ceiling.sql
scaling factor: 1
query mode: prepared
number of clients: 16
number of threads: 1
maximum number of tries: 1
duration: 5 s
number of transactions actually processed: 84123
number of failed transactions: 0 (0.000%)
latency average = 0.950 ms
initial connection time = 32.456 ms
tps = 16838.123456 (without initial connection time)
`

func TestParsePgbench(t *testing.T) {
	t.Parallel()
	perSecond, transactions, err := parsePgbench([]byte(pgbenchOutput))
	if err != nil || perSecond != 16838.123456 || transactions != 84123 {
		t.Errorf("got %f, %d, %v", perSecond, transactions, err)
	}
	for name, output := range map[string]string{
		"prints no result":                     strings.ReplaceAll(pgbenchOutput, "tps = ", ""),
		"31 transactions of pgbench failed":    strings.ReplaceAll(pgbenchOutput, "ions: 0", "ions: 31"),
		"pgbench prints no result:\npgbench (": strings.ReplaceAll(pgbenchOutput, "processed: 84123", ""),
	} {
		if _, _, err := parsePgbench([]byte(output)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want %q", err, name)
		}
	}
}

func TestParseStat(t *testing.T) {
	t.Parallel()
	const stat = "17 (a ) b) S 1 17 17 0 -1 4194560 9 8 7 6 120 30 1000 500 20 0 9 0 100 1 1"
	for children, want := range map[bool]time.Duration{false: 1500 * time.Millisecond, true: 16500 * time.Millisecond} {
		if got, err := parseStat(stat, children); err != nil || got != want {
			t.Errorf("with children %t: %s, %v, want %s", children, got, err, want)
		}
	}
	for _, text := range []string{"", "1 (x) S 1", strings.ReplaceAll(stat, "120", "x")} {
		if got, err := parseStat(text, false); err == nil {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func TestScriptSetsTheVariablesThatItUses(t *testing.T) {
	t.Parallel()
	got := script("SELECT :viewer::bigint, :posts, :typed;")
	if want := "\\set viewer :first_viewer + :viewer_step * random(0, :viewers - 1)\n"; got !=
		want+"SELECT :viewer::bigint, :posts, :typed;\n" {
		t.Errorf("got %q", got)
	}
}

func TestExpressions(t *testing.T) {
	t.Parallel()
	names := map[int64]string{60: ":viewer", 999: ":hot", 3: ":type"}
	got, err := expressions([]any{[]int64{60}, []int16{3}, int64(999)}, names)
	if err != nil || strings.Join(got, " ") != "ARRAY[:viewer::bigint] ARRAY[:type::smallint] :hot" {
		t.Errorf("got %q, %v", got, err)
	}
	for _, argument := range []any{"x", 4, []int64{60, 61}, []string{"x"}, nil} {
		if got, err := expressions([]any{argument}, names); err == nil {
			t.Errorf("%v: %q", argument, got)
		}
	}
}

// The share of a post is chosen so that all posts have the wanted number of rows together.
func TestScale(t *testing.T) {
	t.Parallel()
	scale, sum := tiny.scale(10_000), 0.0
	for rank := 1.0; rank <= float64(tiny.Posts); rank++ {
		sum += scale * math.Pow(float64(tiny.Posts)/rank, exponent)
	}
	if math.Abs(sum-10_000) > 1 {
		t.Errorf("the sum is %f", sum)
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for want, values := range map[float64][]float64{0: nil, 2: {2}, 3: {3, 1}, 5: {9, 5, 1}} {
		if got := median(values); got != want {
			t.Errorf("the median of %v is %f", values, got)
		}
	}
}

// A ratio is the median of the rounds' ratios, not the ratio of the medians.
func TestSummarize(t *testing.T) {
	t.Parallel()
	of := func(ceiling, own, direct, nginx float64) round {
		m := func(perSecond float64) measurement { return measurement{PerSecond: perSecond, P50: 1, P99: 9} }
		return round{[]measurement{m(ceiling), m(own)}, m(direct), m(nginx)}
	}
	r := row{name: "react", clients: 16, ceilings: reactions(":post")}
	rounds := []round{of(1000, 400, 500, 400), of(100, 80, 20, 18), of(300, 100, 90, 45)}
	got := summarize(r, rounds)
	if got.Direct.PerSecond != 90 || got.Ceilings["lean"].PerSecond != 300 || got.Direct.P99 != 9 {
		t.Errorf("the medians are %+v", got)
	}
	if got.Ratio != 0.3 || got.OwnRatio != 0.9 || got.NginxDirect != 0.8 || len(got.Invalid) > 0 {
		t.Errorf("the ratios are %f, %f and %f; invalid: %q", got.Ratio, got.OwnRatio, got.NginxDirect, got.Invalid)
	}
	rounds[1].nginx = measurement{Invalid: "3 not 2xx"}
	got = summarize(r, rounds)
	if len(got.Invalid) != 1 || got.Invalid[0] != "round 2, through nginx: 3 not 2xx" {
		t.Errorf("invalid: %q", got.Invalid)
	}
	var output bytes.Buffer
	result{Rows: []measured{got}}.print(&output)
	if !strings.Contains(output.String(), "invalid") || strings.Contains(output.String(), " 90 ") {
		t.Errorf("an invalid row is printed as\n%s", output.String())
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(day int, rows ...measured) string {
		r := result{Machine: machine{Date: time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC), Commit: "abc"}, Rows: rows}
		path, err := r.write(folder)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	feed := func(perSecond, ratio float64) measured {
		return measured{Name: "feed", Ratio: ratio, Direct: measurement{PerSecond: perSecond, P50: 2, P99: 8}}
	}
	post := measured{Name: "post", Direct: measurement{PerSecond: 700}}
	wrong := measured{Name: "react", Direct: measurement{PerSecond: 5}, Invalid: []string{"x"}}
	a, b := write(1, feed(1000, 0.2), wrong), write(2, feed(1500, 0.4), post)
	var output bytes.Buffer
	if err := compare(&output, a, b); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(output.String()), " ")
	for _, want := range []string{
		"| feed | requests/s | 1000 | 1500 | 1.50 |", "| ratio | 0.20 | 0.40 | 2.00 |",
		"| p99 ms | 8.00 | 8.00 | 1.00 |",
		"| react | requests/s | | | |", "| post | requests/s | | 700 | |", "A: " + a + ", abc,",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, output.String())
		}
	}
	empty := filepath.Join(folder, "empty.json")
	if err := os.WriteFile(empty, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, paths := range map[string][2]string{
		"name two results of make bench": {a, ""}, "B: open ": {a, folder + "/none"}, "A: " + empty: {empty, b},
		"B: read ": {a, folder},
	} {
		if err := compare(&output, paths[0], paths[1]); err == nil || !strings.HasPrefix(err.Error(), want) ||
			!strings.Contains(err.Error(), ".build/bench") {
			t.Errorf("%q: %v, want %q", paths, err, want)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	env := func(values map[string]string) func(string) string {
		return func(name string) string { return values[name] }
	}
	s, err := readSettings(env(nil))
	if err != nil || s.rounds != 3 || s.duration != 5*time.Second || len(s.rows) != 14 || s.size != standard ||
		s.dataDir != ".data/bench" {
		t.Errorf("the defaults are %+v, %v", s, err)
	}
	s, err = readSettings(env(map[string]string{"ROWS": "^feed", "POSTS": "10000000", "ROUNDS": "1"}))
	if err != nil || s.rounds != 1 || len(s.rows) != 3 || s.dataDir != ".data/bench-10000000" ||
		s.size.Posts != 10_000_000 || s.size.Comments != standard.Comments {
		t.Errorf("got %+v, %v", s, err)
	}
	for variable, value := range map[string]string{
		"ROUNDS": "0", "SECONDS": "x", "POSTS": "1999", "ROWS": "nothing, and not [", "ROUTE": "",
	} {
		_, err := readSettings(env(map[string]string{variable: value}))
		if variable == "ROUTE" {
			_, err = readProfile(env(nil))
		}
		if err == nil || !strings.Contains(err.Error(), variable+" is ") {
			t.Errorf("%s=%s: %v", variable, value, err)
		}
	}
	p, err := readProfile(env(map[string]string{"ROUTE": "react", "SECONDS": "2"}))
	if err != nil || p.row.name != "react" || p.duration != 2*time.Second || len(p.rows) != 1 {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := readProfile(env(map[string]string{"ROUTE": "Feed"})); err == nil ||
		!strings.Contains(err.Error(), "feed-anonymous, feed, feed-middle") {
		t.Errorf("an unknown route: %v", err)
	}
}
