package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestReadSettings(t *testing.T) {
	t.Parallel()
	s, err := readSettings(environment())
	if err != nil || s.port != 8080 || filepath.Base(s.dataDir) != ".data" || !filepath.IsAbs(s.dataDir) {
		t.Errorf("without variables: %+v, %v", s, err)
	}
	for want, env := range map[string][]string{
		"PORT: ":                     {"PORT", "http"},
		"1 to 65535":                 {"PORT", "65536"},
		"DATABASE_URL: ":             {"DATABASE_URL", "postgres://u:secret-1@h:port/x"},
		"both or neither":            {"ADMIN_ID", "root"},
		"OWNER_DATABASE_URL: set it": {"DATABASE_URL", "postgres://minifb_{function}:secret-1@h/x"},
		"set DATABASE_URL too":       {"OWNER_DATABASE_URL", "postgres://h/x"},
		"OWNER_DATABASE_URL: the URL cannot": {
			"DATABASE_URL", "postgres://h/x", "OWNER_DATABASE_URL", "postgres://u:secret-1@h:port/x",
		},
		"ADMIN_PASSWORD: ":                     {"ADMIN_PASSWORD", "secret-1"},
		"ADMIN_ID: 4 to 50":                    {"ADMIN_ID", "abc", "ADMIN_PASSWORD", "secret-1-and-more"},
		"ADMIN_PASSWORD: 10 to 100 characters": {"ADMIN_ID", "root.1", "ADMIN_PASSWORD", "secret-1"},
		"full or generic":                      {"ERROR_HINT", "none"},
	} {
		_, err := readSettings(environment(env...))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret-1") {
			t.Errorf("%v: got %v, want %q", env, err, want)
		}
	}
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := readSettings(environment("PORT", "0", "DATABASE_URL", "postgres://%zz", "ADMIN_ID", "abc",
		"ADMIN_PASSWORD", "short", "ERROR_HINT", "none"))
	for _, name := range []string{"PORT: ", "DATABASE_URL: ", "ADMIN_ID: ", "ADMIN_PASSWORD: ", "ERROR_HINT: "} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q is not in %v", name, err)
		}
	}
}

// A variable may be empty: CORS_ORIGINS allows no origin then.
func TestParameters(t *testing.T) {
	t.Parallel()
	s, err := readSettings(environment("ERROR_HINT", "generic", "TOKEN_ISSUER", "me", "CORS_ORIGINS", ""))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"ErrorHint": "generic", "TokenIssuer": "me", "CorsOrigins": "", "Other": "",
	} {
		if got, ok := s.parameter(name); got != want || ok != (name != "Other") {
			t.Errorf("%s is %q, %v, want %q", name, got, ok, want)
		}
	}
}

func TestFeeds(t *testing.T) {
	t.Parallel()
	s, err := readSettings(environment("METRICS", "on", "OTLP_URL", "http://127.0.0.1:4318", "INFLUX_TOKEN", "x"))
	want := []string{"METRICS=on", "OTLP_URL=http://127.0.0.1:4318"}
	if got := s.options(&screen{}).Env; err != nil || !slices.Equal(got, want) {
		t.Errorf("the functions get %v, %v, want %v", got, err, want)
	}
}
