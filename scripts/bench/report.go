package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A result is what a run has measured, as it is printed and stored.
type result struct {
	Machine  machine    `json:"machine"`
	Settings stored     `json:"settings"`
	Rows     []measured `json:"rows"`
}

// A machine is where and on what a run was made.
type machine struct {
	Date       time.Time         `json:"date"`
	Commit     string            `json:"commit,omitempty"` // empty without git
	Go         string            `json:"go"`
	Cores      int               `json:"cores"`
	Processor  string            `json:"processor,omitempty"`
	Load       string            `json:"load,omitempty"` // averages of 1, 5 and 15 minutes at the start
	PostgreSQL string            `json:"postgresql"`
	Settings   map[string]string `json:"postgresql_settings"`
}

// stored are the settings of a run.
type stored struct {
	Rounds  int  `json:"rounds"`
	Seconds int  `json:"seconds"`
	Size    size `json:"size"`
}

// A measured is a row with the medians of its rounds.
type measured struct {
	Name        string                 `json:"name"`
	Clients     int                    `json:"clients"`
	Ceilings    map[string]measurement `json:"ceilings,omitempty"`
	Ceiling     string                 `json:"ceiling,omitempty"` // the first one's name
	Direct      measurement            `json:"direct"`
	Nginx       *measurement           `json:"nginx,omitempty"`
	Ratio       float64                `json:"ratio,omitempty"`           // of direct to the first ceiling
	OwnRatio    float64                `json:"own_ratio,omitempty"`       // to the store's own statement
	NginxDirect float64                `json:"nginx_to_direct,omitempty"` // of the requests per second
	Invalid     []string               `json:"invalid,omitempty"`
}

// median returns the middle value, the greater one of two.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(values))[len(values)/2]
}

// medianOf returns the median of each number, of measurements of the same.
func medianOf(all []measurement) (m measurement) {
	of := func(number func(measurement) float64) float64 {
		values := make([]float64, len(all))
		for i, one := range all {
			values[i] = number(one)
		}
		return median(values)
	}
	return measurement{
		PerSecond:   of(func(m measurement) float64 { return m.PerSecond }),
		P50:         of(func(m measurement) float64 { return m.P50 }),
		P99:         of(func(m measurement) float64 { return m.P99 }),
		FunctionCPU: of(func(m measurement) float64 { return m.FunctionCPU }),
		PostgresCPU: of(func(m measurement) float64 { return m.PostgresCPU }),
		Memory:      of(func(m measurement) float64 { return m.Memory }),
	}
}

// summarize returns the medians of a row's rounds. A ratio is the median of the rounds' ratios, because what else the
// machine does changes from round to round.
func summarize(r row, rounds []round) measured {
	m := measured{Name: r.name, Clients: r.clients, Ceilings: map[string]measurement{}}
	ratio := func(of, to func(round) float64) float64 {
		var values []float64
		for _, one := range rounds {
			if to(one) > 0 {
				values = append(values, of(one)/to(one))
			}
		}
		return median(values)
	}
	each := func(of func(round) measurement) (all []measurement) {
		for _, one := range rounds {
			all = append(all, of(one))
		}
		return all
	}
	direct := func(one round) float64 { return one.direct.PerSecond }
	for i, c := range r.ceilings {
		m.Ceilings[c.name] = medianOf(each(func(one round) measurement { return one.ceilings[i] }))
		value := ratio(direct, func(one round) float64 { return one.ceilings[i].PerSecond })
		if i == 0 {
			m.Ceiling, m.Ratio = c.name, value
		} else {
			m.OwnRatio = value
		}
	}
	m.Direct = medianOf(each(func(one round) measurement { return one.direct }))
	if !r.direct {
		nginx := medianOf(each(func(one round) measurement { return one.nginx }))
		m.Nginx = &nginx
		m.NginxDirect = ratio(func(one round) float64 { return one.nginx.PerSecond }, direct)
	}
	for i, one := range rounds {
		for how, one := range map[string]measurement{"directly": one.direct, "through nginx": one.nginx} {
			if one.Invalid != "" {
				m.Invalid = append(m.Invalid, fmt.Sprintf("round %d, %s: %s", i+1, how, one.Invalid))
			}
		}
	}
	slices.Sort(m.Invalid)
	return m
}

// summary is a line about a round.
func (m round) summary(r row) string {
	var parts []string
	for i, c := range r.ceilings {
		parts = append(parts, fmt.Sprintf("%s %.0f/s", c.name, m.ceilings[i].PerSecond))
	}
	parts = append(parts, "directly "+m.direct.summary())
	if !r.direct {
		parts = append(parts, "through nginx "+m.nginx.summary())
	}
	return strings.Join(parts, ", ")
}

func (m measurement) summary() string {
	if m.Invalid != "" {
		return "INVALID (" + m.Invalid + ")"
	}
	return fmt.Sprintf("%.0f/s", m.PerSecond)
}

// invalid lists what makes rows invalid.
func (r result) invalid() (all []string) {
	for _, row := range r.Rows {
		for _, what := range row.Invalid {
			all = append(all, row.Name+": "+what)
		}
	}
	return all
}

// print writes the table.
func (r result) print(w io.Writer) {
	fmt.Fprintf(w, "\nmedians of %d rounds of %d s; function and postgres: CPU in µs for each request\n\n",
		r.Settings.Rounds, r.Settings.Seconds)
	const format = "| %-14s | %7s | %10s | %9s | %5s | %5s | %8s | %8s | %8s | %8s | %6s | %12s |\n"
	header := []any{
		"row", "clients", "requests/s", "ceiling/s", "ratio", "own", "p50 ms", "p99 ms", "function", "postgres", "MiB",
		"nginx/direct",
	}
	fmt.Fprintf(w, format, header...)
	fmt.Fprintf(w, "%s|\n", strings.Repeat("|---", len(header)))
	for _, m := range r.Rows {
		if len(m.Invalid) > 0 {
			fmt.Fprintf(w, format, m.Name, fmt.Sprint(m.Clients), "invalid", "", "", "", "", "", "", "", "", "")
			continue
		}
		d, ceiling := m.Direct, ""
		if m.Ratio > 0 {
			ceiling = fmt.Sprintf("%.0f", m.Ceilings[m.Ceiling].PerSecond)
		}
		fmt.Fprintf(w, format, m.Name, fmt.Sprint(m.Clients), fmt.Sprintf("%.0f", d.PerSecond), ceiling,
			ratioText(m.Ratio), ratioText(m.OwnRatio), fmt.Sprintf("%.2f", d.P50), fmt.Sprintf("%.2f", d.P99),
			fmt.Sprintf("%.0f", d.FunctionCPU), fmt.Sprintf("%.0f", d.PostgresCPU), fmt.Sprintf("%.1f", d.Memory),
			ratioText(m.NginxDirect))
	}
	fmt.Fprintln(w)
}

// ratioText returns a ratio, and nothing where there is none.
func ratioText(ratio float64) string {
	if ratio == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f", ratio)
}

// write stores the result in a new file of the folder, and returns its path.
func (r result) write(folder string) (path string, err error) {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return "", err
	}
	path = filepath.Join(folder, r.Machine.Date.UTC().Format("20060102T150405Z")+".json")
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // results are no secret
		return "", err
	}
	return path, os.WriteFile(path, append(text, '\n'), 0o644) //nolint:gosec // likewise
}

// describe returns a result without rows, and prints what the database's settings are.
func (b *bench) describe(ctx context.Context) (r result, err error) {
	r.Settings = stored{b.rounds, int(b.duration / time.Second), b.size}
	r.Machine = machine{
		Date: time.Now(), Commit: commit(b.root), Go: runtime.Version(), Cores: runtime.NumCPU(),
		Processor: processor(), Load: loadAverages(), Settings: map[string]string{},
	}
	rows, err := b.database.db.QueryContext(ctx, `
		SELECT name, current_setting(name) FROM pg_settings WHERE name IN ('server_version', 'shared_buffers', 'fsync',
			'synchronous_commit', 'full_page_writes', 'max_wal_size', 'max_connections', 'work_mem') ORDER BY name`)
	if err != nil {
		return r, err
	}
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return r, err
		}
		if name == "server_version" {
			r.Machine.PostgreSQL = value
			continue
		}
		r.Machine.Settings[name] = value
		texts = append(texts, name+"="+value)
	}
	fmt.Fprintf(b.output, "%d cores (%s), load %s; PostgreSQL %s with %s\n", r.Machine.Cores, r.Machine.Processor,
		r.Machine.Load, r.Machine.PostgreSQL, strings.Join(texts, ", "))
	return r, rows.Err()
}

// commit returns what git says about the source; empty without git.
func commit(root string) string {
	text, err := exec.Command("git", "-C", root, "-c", "safe.directory=*", "describe", "--always", "--dirty").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// processor returns the processor's name as Linux shows it.
func processor() string {
	text, _ := os.ReadFile("/proc/cpuinfo") // without it, the name is unknown
	_, after, _ := strings.Cut(string(text), "model name\t: ")
	name, _, _ := strings.Cut(after, "\n")
	return name
}

// loadAverages returns how many processes wanted a core lately.
func loadAverages() string {
	text, _ := os.ReadFile("/proc/loadavg") // likewise
	fields := strings.Fields(string(text))
	return strings.Join(fields[:min(len(fields), 3)], " ")
}
