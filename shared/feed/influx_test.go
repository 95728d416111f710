package feed

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"minifb/shared/testkit/programs"
)

// startInflux starts Debian's InfluxDB 1 with a database, a user and a password, and returns its
// address. It does not start InfluxDB's monitoring of itself.
func startInflux(t *testing.T) (address string) {
	t.Helper()
	dir := t.TempDir()
	address = programs.FreeAddress(t)
	programs.Run(t, []string{
		"INFLUXDB_REPORTING_DISABLED=true",
		"INFLUXDB_META_DIR=" + filepath.Join(dir, "meta"), "INFLUXDB_DATA_DIR=" + filepath.Join(dir, "data"),
		"INFLUXDB_DATA_WAL_DIR=" + filepath.Join(dir, "wal"), "INFLUXDB_BIND_ADDRESS=" + programs.FreeAddress(t),
		"INFLUXDB_HTTP_BIND_ADDRESS=" + address, "INFLUXDB_HTTP_AUTH_ENABLED=true",
		"INFLUXDB_MONITOR_STORE_ENABLED=false",
	}, "influxd", "run", "-config", "/dev/null")
	programs.Until(t, "InfluxDB responds", func() bool {
		response, err := http.Get("http://" + address + "/ping")
		if err == nil {
			response.Body.Close()
		}
		return err == nil && response.StatusCode == http.StatusNoContent
	})
	influxQuery(t, address, `CREATE USER admin WITH PASSWORD 'geheim' WITH ALL PRIVILEGES`)
	influxQuery(t, address, `CREATE DATABASE minifb`)
	return address
}

// influxQuery runs a query as the administrator, and returns the rows of its first series.
func influxQuery(t *testing.T, address, query string) [][]any {
	t.Helper()
	form := url.Values{"q": {query}, "db": {"minifb"}}
	response, err := http.PostForm("http://admin:"+secret+"@"+address+"/query", form)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %s, %v", query, response.StatusCode, content, err)
	}
	var result struct {
		Results []struct{ Series []struct{ Values [][]any } }
	}
	if err := json.Unmarshal(content, &result); err != nil {
		t.Fatal(err)
	}
	if len(result.Results) == 0 || len(result.Results[0].Series) == 0 {
		return nil
	}
	return result.Results[0].Series[0].Values
}

func TestInflux1(t *testing.T) {
	t.Parallel()
	address := startInflux(t)
	feeds, err := New(Settings{InfluxURL: "http://admin:geheim@" + address + "/?db=minifb"}, "post", quiet)
	if err != nil {
		t.Fatal(err)
	}
	const n = 2 * batchSize
	for i := range n {
		feeds.Record(t.Context(), &Request{
			Method: "GET", Route: `/odd route,=\"`, Status: 200 + i%2, Bytes: i, Duration: 2500 * time.Microsecond,
		})
	}
	feeds.Close()
	rows := influxQuery(t, address, `SELECT count(bytes), sum(bytes), mean(duration_ms) FROM requests`)
	if len(rows) != 1 || rows[0][1] != float64(n) || rows[0][2] != float64(n*(n-1)/2) || rows[0][3] != 2.5 {
		t.Errorf("count, sum and mean are %v, want those of %d points", rows, n)
	}
	rows = influxQuery(t, address, `SELECT count(bytes) FROM requests WHERE status = '201' AND method = 'GET' `+
		`AND "function" = 'post' AND host <> ''`)
	if len(rows) != 1 || rows[0][1] != float64(n/2) {
		t.Errorf("%v of status 201, want %d", rows, n/2)
	}

	// A batch that is sent twice is stored once.
	i, err := newInflux("http://admin:geheim@"+address+"/?db=minifb", "twice", "host")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if o := i.send(t.Context(), sample(3)); o.sent != 3 {
			t.Fatalf("got %+v", o)
		}
	}
	rows = influxQuery(t, address, `SELECT count(bytes) FROM requests WHERE "function" = 'twice'`)
	if len(rows) != 1 || rows[0][1] != 3.0 {
		t.Errorf("%v points, want 3", rows)
	}

	// A wrong password and a missing database are refused, and not tried again.
	for _, value := range []string{
		"http://admin:wrong@" + address + "/?db=minifb", "http://admin:geheim@" + address + "/?db=missing",
	} {
		i, err := newInflux(value, "post", "host")
		if err != nil {
			t.Fatal(err)
		}
		if o := i.send(t.Context(), sample(1)); o.sent != 0 || len(o.again) != 0 || o.err == nil {
			t.Errorf("got %+v", o)
		}
	}
}

// The points for InfluxDB 2 differ in their route and credentials alone.
func TestInflux2(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		const want = "requests,function=post,host=host,method=GET,route=/post/{id},status=200 " +
			"bytes=10i,duration_ms=1.5 1700000000000000001\n"
		if r.Method != http.MethodPost || r.URL.Path != "/prefix/api/v2/write" || string(body) != want ||
			r.URL.RawQuery != "bucket=b&org=my+org&precision=ns" || r.Header.Get("Authorization") != "Token geheim==" {
			t.Errorf("%s %s with %s: %s", r.Method, r.URL, r.Header.Get("Authorization"), body)
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	value := strings.Replace(server.URL, "://", "://geheim==@", 1) + "/prefix/?org=my+org&bucket=b"
	i, err := newInflux(value, "post", "host")
	if err != nil {
		t.Fatal(err)
	}
	if o := i.send(context.Background(), sample(1)); o.sent != 1 || o.err != nil {
		t.Errorf("got %+v", o)
	}
}
