package render_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"minifb/shared/ops/host"
	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
	"minifb/shared/testkit/built"
	"minifb/shared/testkit/programs"
	"minifb/shared/testkit/testdb"
	"minifb/shared/token"
)

// promtool checks the alarms, and runs their unit tests: when each fires, and when not.
func TestAlarmRules(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{
		{"check", "rules", "alarms.yml"}, {"test", "rules", "testdata/alarms_test.yml"},
	} {
		if output, err := exec.Command("promtool", arguments...).CombinedOutput(); err != nil {
			t.Errorf("promtool %s (scripts/install prometheus installs it): %v\n%s", arguments, err, output)
		}
	}
	units, err := render.BackupUnits()
	if err != nil {
		t.Fatal(err)
	}
	for name := range units {
		job, ok := strings.CutSuffix(strings.TrimPrefix(name, "minifb-"), ".timer")
		metric := "time() - minifb_" + strings.ReplaceAll(job, "-", "_") + "_success_timestamp_seconds"
		if ok && !strings.Contains(render.Alarms, metric) {
			t.Errorf("no alarm fires when %s fails", name)
		}
	}
}

// nginx serves metrics at their own address only, and nothing else there.
func TestMetricsHaveTheirOwnAddress(t *testing.T) {
	t.Parallel()
	address, metrics, dir := startWithMetrics(t, parse(t, template), func(dir string) {
		serve(t, dir, "post", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "post's "+r.URL.Path) })
	})
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("geheim"), 0o644); err != nil {
		t.Fatal(err)
	}
	planted := filepath.Join(dir, "backups", "restore-check.prom")
	if err := errors.Join(os.Remove(planted), os.Symlink(secret, planted)); err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string]string{
		metrics + "/metrics/post":                            "200 post's /metrics",
		metrics + "/metrics/backup":                          "200 minifb_backup_success_timestamp_seconds 1\n",
		metrics + "/metrics/gone":                            "502 ",
		metrics + "/metrics/nobody":                          "404 ",
		metrics + "/metrics":                                 "404 ",
		metrics + "/post/1":                                  "404 ",
		metrics + "/metrics/post?/schedule/maintenance":      "200 post's /metrics",
		metrics + "/metrics/post/../../schedule/maintenance": "404 ",
		metrics + "/schedule/maintenance":                    "404 ",
		metrics + "/metrics/restore-check":                   "403 ",
		metrics + "/":                                        "404 ",
		address + "/metrics":                                 `404 {"result":"Not Found"`,
		address + "/metrics/post":                            `404 {"result":"Not Found"`,
		address + "/post/../metrics":                         `404 {"result":"Not Found"`,
	} {
		at, path, _ := strings.Cut(target, "/")
		response, body := send(t, at, ask("GET /"+path))
		if got := fmt.Sprintf("%d %s", response.StatusCode, body); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s", target, got, want)
		}
	}
	// A host without an archive has no metrics of it, which is no failure.
	archive := func(want string) {
		t.Helper()
		response, body := send(t, metrics, ask("GET /metrics/archive"))
		contentType := response.Header.Get("Content-Type")
		if response.StatusCode != 200 || body != want || contentType != "text/plain; version=0.0.4" {
			t.Errorf("the metrics of the archive: %d %s, %q, want %q", response.StatusCode, contentType, body, want)
		}
	}
	archive("")
	const metric = "minifb_archive_success_timestamp_seconds 1\n"
	if err := os.WriteFile(filepath.Join(dir, "backups", "archive.prom"), []byte(metric), 0o644); err != nil {
		t.Fatal(err)
	}
	archive(metric)
}

// startWithMetrics runs nginx in front of what begin serves in a host's folder, and returns its
// addresses and the folder. The last backup is from 1970.
func startWithMetrics(t *testing.T, parsed *sam.Template, begin func(dir string)) (address, metrics, dir string) {
	t.Helper()
	dir = root(t)
	for _, folder := range []string{host.Run, "backups"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, job := range []string{"backup", "restore-check"} {
		metric := fmt.Sprintf("minifb_%s_success_timestamp_seconds 1\n", strings.ReplaceAll(job, "-", "_"))
		if err := os.WriteFile(filepath.Join(dir, "backups", job+".prom"), []byte(metric), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	begin(dir)
	address, metrics = programs.FreeAddress(t), programs.FreeAddress(t)
	n := render.Nginx{Listen: address, Metrics: metrics, Backups: filepath.Join(dir, "backups")}
	nginx, err := host.StartNginx(dir, parsed, n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nginx.Stop)
	return address, metrics, dir
}

// TestAlarmsFire makes alarms fire in a real Prometheus, which reads the metrics of real functions
// through nginx. Its configuration and its rules are the rendered ones, in a time that runs faster.
func TestAlarmsFire(t *testing.T) {
	t.Parallel()
	all, err := sam.Load("../../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	database := testdb.URL(t)
	db := testdb.Open(t, database)
	// The mail of a request from an hour ago is claimed again and again.
	if _, err := db.Exec(`INSERT INTO temporary_password_requests (user_id, created_at, due_at)
		VALUES ('ann.1', now() - interval '1 hour', now() + interval '1 minute')`); err != nil {
		t.Fatal(err)
	}
	address, metrics, dir := startWithMetrics(t, all, func(dir string) { startFunctions(t, dir, database) })
	n := render.Nginx{Metrics: metrics, Backups: filepath.Join(dir, "backups")}
	alarms := startPrometheus(t, dir, n, all)

	fires(t, alarms, "MinifbFunctionDown") // of the functions that do not run
	fires(t, alarms, "MinifbBackupFailed")
	fires(t, alarms, "MinifbMailStuck")

	get := func(size int) {
		response, err := http.Get(fmt.Sprintf("http://%s/post?size=%d", address, size))
		if err != nil {
			t.Error(err)
			return
		}
		response.Body.Close()
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback() }() // it may have ended
	if _, err := tx.Exec(`LOCK posts`); err != nil {
		t.Fatal(err)
	}
	var readers sync.WaitGroup
	for i := range 4 { // requests for pages of different sizes do not share a read
		readers.Go(func() { get(1 + i) })
	}
	programs.Until(t, "four requests wait for more than a second", func() bool {
		var waiting int
		err := db.QueryRow(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
			AND wait_event_type = 'Lock' AND clock_timestamp() - query_start > interval '1.2 seconds'`).Scan(&waiting)
		return err == nil && waiting == 4
	})
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	readers.Wait()
	fires(t, alarms, "MinifbSlow")

	away(t, database)
	programs.Until(t, "MinifbErrors", func() bool {
		get(1)
		return isFiring(t, alarms, "MinifbErrors")
	})
	fires(t, alarms, "MinifbDatabaseAway")
	for _, labels := range firing(t, alarms) {
		if labels["function"] == "archive" {
			t.Errorf("%s fires on a host without an archive", labels["alertname"])
		}
	}
}

// startFunctions starts post and maintenance at their sockets in a host's folder.
func startFunctions(t *testing.T, dir, database string) {
	t.Helper()
	_, public, err := token.GenerateKeys()
	if err != nil {
		t.Fatal(err)
	}
	folder, err := built.Programs(t.Context(), "../../..", dir, false, "./functions/post", "./functions/maintenance")
	if err != nil {
		t.Fatal(err)
	}
	for _, area := range []string{"post", "maintenance"} {
		socket := filepath.Join(dir, host.Run, area+".sock")
		programs.Run(t, []string{
			"DATABASE_URL=" + database, "TOKEN_PUBLIC_KEYS=" + public, "METRICS=on", "LISTEN=unix:" + socket,
		}, filepath.Join(folder, area))
		programs.Until(t, area+" listens", func() bool { _, err := os.Lstat(socket); return err == nil })
	}
}

// startPrometheus starts Prometheus with the configuration of n, and returns the URL of its alarms.
func startPrometheus(t *testing.T, dir string, n render.Nginx, all *sam.Template) (alarms string) {
	t.Helper()
	var configuration bytes.Buffer
	if err := n.Prometheus(&configuration, all); err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile(`\[5m\]`).ReplaceAllString(render.Alarms, "[4s]")
	for name, text := range map[string]string{
		"prometheus.yml": strings.ReplaceAll(configuration.String(), "15s", "200ms"),
		"alarms.yml":     strings.ReplaceAll(rules, "for: 1m", "for: 400ms"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	address := programs.FreeAddress(t)
	programs.Run(t, nil, "prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"), "--log.level=warn",
		"--storage.tsdb.path="+filepath.Join(dir, "tsdb"), "--web.listen-address="+address)
	return "http://" + address + "/api/v1/alerts"
}

// away makes the database refuse connections, and ends those that there are.
func away(t *testing.T, database string) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/")
	server := os.Getenv(testdb.Variable)
	allow := func(may bool) error {
		return testdb.Execute(server, fmt.Sprintf(`ALTER DATABASE "%s" ALLOW_CONNECTIONS %t`, name, may))
	}
	if err := allow(false); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = allow(true) }) // the test's database is dropped anyway
	// In one transaction with the above, a function could connect again before the commit.
	err = testdb.Execute(server, fmt.Sprintf(`
		SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'`, name))
	if err != nil {
		t.Fatal(err)
	}
}

func fires(t *testing.T, alarms, name string) {
	t.Helper()
	programs.Until(t, name, func() bool { return isFiring(t, alarms, name) })
}

func isFiring(t *testing.T, alarms, name string) bool {
	t.Helper()
	return slices.ContainsFunc(firing(t, alarms), func(labels map[string]string) bool {
		return labels["alertname"] == name
	})
}

// firing returns the labels of the alarms that fire.
func firing(t *testing.T, alarms string) (all []map[string]string) {
	t.Helper()
	response, err := http.Get(alarms)
	if err != nil {
		return nil // it has just started
	}
	defer response.Body.Close()
	var result struct {
		Data struct {
			Alerts []struct {
				Labels map[string]string
				State  string
			}
		}
	}
	if json.NewDecoder(response.Body).Decode(&result) != nil {
		return nil // it starts
	}
	for _, alarm := range result.Data.Alerts {
		if alarm.State == "firing" {
			all = append(all, alarm.Labels)
		}
	}
	return all
}
