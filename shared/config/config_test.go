package config_test

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"minifb/shared/config"
	"minifb/shared/feed"
	"minifb/shared/store"
	"minifb/shared/token"
)

var private, public = func() (string, string) {
	private, public, err := token.GenerateKeys()
	if err != nil {
		panic(err)
	}
	return private, public
}()

// setEnvironment sets what a function needs, and then pairs of a variable and its value.
func setEnvironment(t *testing.T, pairs ...string) {
	t.Helper()
	for _, name := range []string{
		"DATABASE_READ_URL",
		"DATABASE_POOL", "LISTEN_FDS", "TRUSTED_PROXIES", "REQUEST_TIMEOUT", "ERROR_HINT", "TOKEN_PRIVATE_KEY",
		"BASE_PATH", "CORS_ORIGINS",
		"TOKEN_ISSUER", "TOKEN_AUDIENCE", "PASSWORD_ITERATIONS", "AWS_LAMBDA_RUNTIME_API", "LIMITS",
		"TIMEZONE", "REFUSED_LOG", "METRICS", "INFLUX_URL", "ELASTIC_URL", "OTLP_URL", "REHEARSE",
	} {
		t.Setenv(name, "")
	}
	if err := os.Unsetenv("CORS_ORIGINS"); err != nil { // empty, it has another meaning
		t.Fatal(err)
	}
	t.Setenv("DATABASE_URL", "postgres://minifb@localhost/minifb")
	t.Setenv("TOKEN_PUBLIC_KEYS", public)
	t.Setenv("LISTEN", "unix:/run/post.sock")
	for i := 0; i < len(pairs); i += 2 {
		t.Setenv(pairs[i], pairs[i+1])
	}
}

// rules are the messages of the variables that have a rule, whether their value is malformed or out
// of bounds.
var rules = map[string]string{
	"DATABASE_URL":      "DATABASE_URL: " + store.URLForm,
	"DATABASE_READ_URL": "DATABASE_READ_URL: " + store.URLForm,
	"DATABASE_POOL": "DATABASE_POOL: name 2 connections or more, one of which stores the counts of requests; " +
		"on Lambda 1 or more",
	"LISTEN":          "LISTEN: name unix:/path/of/socket or tcp:host:port, or pass a socket",
	"TRUSTED_PROXIES": "TRUSTED_PROXIES: name addresses or networks, such as 192.0.2.1,10.0.0.0/8",
	"REQUEST_TIMEOUT": "REQUEST_TIMEOUT: name a duration above 0s, such as 10s",
	"ERROR_HINT":      "ERROR_HINT: name full or generic",
	"CORS_ORIGINS": "CORS_ORIGINS: write *, or origins such as https://example.org, with commas and without spaces; " +
		"empty for none",
	"BASE_PATH":           "BASE_PATH: name a path such as /v1, without a slash at its end",
	"PASSWORD_ITERATIONS": "PASSWORD_ITERATIONS: name 1 to 2000000",
	"TIMEZONE":            "TIMEZONE: name a time zone of the IANA database, such as Asia/Seoul",
	"METRICS":             "METRICS: name on or off",
	"REHEARSE":            "REHEARSE: name on or off",
	"INFLUX_URL":          "INFLUX_URL: " + feed.InfluxRule,
	"ELASTIC_URL":         "ELASTIC_URL: " + feed.ElasticRule,
	"OTLP_URL":            "OTLP_URL: " + feed.OTLPRule,
	"LIMITS": "LIMITS: write on, off, or the limits that differ from the defaults, " +
		"such as sign_up=5/1h,refresh=100/1m",
}

// problems returns the lines of FromEnvironment's error.
func problems(t *testing.T, requirements ...config.Requirement) []string {
	t.Helper()
	c, err := config.FromEnvironment("post", requirements...)
	if err == nil {
		return nil
	}
	if c.DatabaseURL != "" || c.Signer != nil {
		t.Error("the error comes with settings")
	}
	lines := strings.Split(err.Error(), "\n")
	return slices.Sorted(slices.Values(lines[1:])) // behind the title
}

// Every variable has a rule, except those that may hold any text, and the keys, which TestInvalidKeys
// checks.
func TestEveryVariableHasARule(t *testing.T) {
	t.Parallel()
	without := []string{
		"TOKEN_PUBLIC_KEYS", "TOKEN_PRIVATE_KEY", "TOKEN_ISSUER", "TOKEN_AUDIENCE", "AWS_LAMBDA_RUNTIME_API",
		"LISTEN_FDS", "REFUSED_LOG",
		"SMTP_URL", "MAIL_DIR", // package mail checks them
		"-", // not a variable
	}
	for field := range reflect.TypeFor[config.Config]().Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		if rules[name] == "" && !slices.Contains(without, name) {
			t.Errorf("%s has no rule: add its message to the map rules, and values to TestEachInvalidValue", name)
		}
	}
}

//nolint:paralleltest // the environment is the process's
func TestEachInvalidValue(t *testing.T) {
	invalid := map[string][]string{
		"DATABASE_URL": {
			"", "geheim", "postgres://u:geheim@host:x/y", "mysql://u:geheim@host/x", "host=x port=geheim",
		},
		"DATABASE_READ_URL": {"geheim", "postgres://u:geheim@host:x/y", "mysql://u:geheim@host/x"},
		"DATABASE_POOL":     {"1", "-1", "geheim", "1.5", "99999999999999999999"},
		"LISTEN": {
			"", "/run/geheim.sock", "unix:", "udp:127.0.0.1:0", "tcp:geheim", "tcp:127.0.0.1:http:8080",
		},
		"TRUSTED_PROXIES": {
			"geheim", "10.0.0.0/33", "10.0.0.0/8,", "10.0.0.0/8;::1", "10.0.0", "::ffff:10.0.0.0/104", "fe80::1%eth0",
		},
		"REQUEST_TIMEOUT": {"0s", "-1s", "10", "geheim"},
		"ERROR_HINT":      {"geheim", "FULL"},
		"CORS_ORIGINS": {
			"geheim", "*,https://a.example", "https://a.example,", "https://a.example/", "https://A.example",
			"ftp://a.example", "https://", "https://u:geheim@a.example", "https://a.example?x", "null", " ",
			"https://a.example, https://b.example", "https://a.example ",
		},
		"BASE_PATH":           {"v1", "/", "/v1/", "//v1", "/a b", "/v1?x", "geheim"},
		"PASSWORD_ITERATIONS": {"0", "-1", "2000001", "geheim", "600_000"},
		"TIMEZONE":            {"geheim", "Local", "../etc/geheim", "Asia/Geheim", "UTC+9", "asia"},
		"METRICS":             {"ON", "geheim", "1"},
		"REHEARSE":            {"ON", "geheim", "1"},
		"INFLUX_URL": {
			"geheim", "host:8086", "http://", "http://host:8086", "http://host/?db=", "http://host/?db=a&db=geheim",
			"http://host/?db=a&org=geheim", "http://host/?org=o&bucket=b", "http://u:geheim@host/?org=o&bucket=b",
			"http://geheim@host/?db=a", "ftp://geheim@host/?db=a", "http://geheim@host/?org=o",
			"http://host/?db=a#geheim", "http://:geheim@host/?db=a", "http://u:geheim@host:x/?db=a", "http://h/?db=%zz",
		},
		"ELASTIC_URL": {
			"geheim", "http://host:9200", "http://host:9200/", "http://host/_bulk", "http://host/Geheim",
			"http://host/a/geheim", "http://host/a?x=geheim", "http://:geheim@host/a", "http://host/a*",
		},
		"OTLP_URL": {
			"geheim", "host:4318", "http://host/?ratio=0", "http://host/?ratio=1.1", "http://host/?ratio=geheim",
			"http://host/?ratio=NaN", "http://host/?ratio=", "http://host/?rate=geheim", "http://host/?ratio=-1",
		},
		"LIMITS": {
			"geheim", "OFF", "sign_up", "sign_up=", "sign_up=5", "sign_up=5/1", "sign_up=0/1h", "sign_up=5/0s",
			"sign_up=5/1h,", "sign_up=5/1h;refresh=100/1m", "geheim=5/1h", "sign_up=5/1h,refresh=-1/1m",
		},
	}
	for name := range rules {
		if len(invalid[name]) == 0 {
			t.Errorf("%s has a rule, but no invalid value", name)
		}
		for _, value := range invalid[name] {
			setEnvironment(t, name, value)
			if got := problems(t); !slices.Equal(got, []string{rules[name]}) {
				t.Errorf("%s=%s: got %q, want %q", name, value, got, rules[name])
			}
		}
	}
}

//nolint:paralleltest // the environment is the process's
func TestInvalidKeys(t *testing.T) {
	file := filepath.Join(t.TempDir(), "geheim")
	if err := os.WriteFile(file, []byte("geheim"), 0o600); err != nil {
		t.Fatal(err)
	}
	const noFile = ": is neither JSON, base64 of JSON, a URL, nor the path of a file that can be read: "
	for _, c := range []struct{ name, value, want string }{
		{"TOKEN_PUBLIC_KEYS", "", "TOKEN_PUBLIC_KEYS: name the JWK set that verifies tokens, or its file or URL"},
		{"TOKEN_PUBLIC_KEYS", "/no/geheim", "TOKEN_PUBLIC_KEYS" + noFile + "no such file or directory"},
		{"TOKEN_PUBLIC_KEYS", file, "TOKEN_PUBLIC_KEYS: new verifier: "},
		{"TOKEN_PUBLIC_KEYS", `{"keys":[]}`, "TOKEN_PUBLIC_KEYS: new verifier: "},
		{"TOKEN_PUBLIC_KEYS", private, "TOKEN_PUBLIC_KEYS: new verifier: "},
		{"TOKEN_PUBLIC_KEYS", encode(private), "TOKEN_PUBLIC_KEYS: new verifier: "},
		{"TOKEN_PUBLIC_KEYS", encode("geheim"), "TOKEN_PUBLIC_KEYS" + noFile + "no such file or directory"},
		{"TOKEN_PUBLIC_KEYS", "https://", "TOKEN_PUBLIC_KEYS: not a URL such as "},
		{"TOKEN_PUBLIC_KEYS", "http://geheim:x/", "TOKEN_PUBLIC_KEYS: not a URL such as "},
		{"TOKEN_PRIVATE_KEY", "https://geheim/", "TOKEN_PRIVATE_KEY: name the JWK set or its file; a private key"},
		{"TOKEN_PRIVATE_KEY", encode(public), "TOKEN_PRIVATE_KEY: new signer: "},
		{"TOKEN_PRIVATE_KEY", "-----BEGIN geheim", "TOKEN_PRIVATE_KEY" + noFile + "no such file or directory"},
		{"TOKEN_PRIVATE_KEY", filepath.Dir(file), "TOKEN_PRIVATE_KEY" + noFile + "is a directory"},
		{"TOKEN_PRIVATE_KEY", file, "TOKEN_PRIVATE_KEY: new signer: "},
		{"TOKEN_PRIVATE_KEY", `{"k":"geheim"}`, "TOKEN_PRIVATE_KEY: new signer: "},
		{"TOKEN_PRIVATE_KEY", public, "TOKEN_PRIVATE_KEY: new signer: "},
	} {
		setEnvironment(t, c.name, c.value)
		got := problems(t)
		if len(got) != 1 || !strings.HasPrefix(got[0], c.want) || strings.Contains(got[0], "geheim") {
			t.Errorf("%s=%s: got %q, want %q", c.name, c.value, got, c.want)
		}
	}
}

// An operator learns of everything at once: malformed values, values out of bounds, missing ones,
// keys and the demands of one function.
//
//nolint:paralleltest // the environment is the process's
func TestAllProblemsAtOnce(t *testing.T) {
	setEnvironment(t, "DATABASE_URL", "postgres://u:geheim@host:x/y", "DATABASE_POOL", "-1", "LISTEN", "geheim",
		"TRUSTED_PROXIES", "geheim", "REQUEST_TIMEOUT", "soon", "ERROR_HINT", "some", "PASSWORD_ITERATIONS", "0",
		"CORS_ORIGINS", "null",
		"BASE_PATH", "v1", "DATABASE_READ_URL", "geheim",
		"LIMITS", "some", "TIMEZONE", "geheim", "TOKEN_PUBLIC_KEYS", "", "TOKEN_PRIVATE_KEY", "geheim",
		"METRICS", "geheim", "INFLUX_URL", "geheim", "ELASTIC_URL", "geheim", "OTLP_URL", "geheim",
		"REHEARSE", "geheim")
	demand := errors.New("TOKEN_PRIVATE_KEY: another demand")
	met, unmet := func(config.Config) error { return nil }, func(config.Config) error { return demand }
	got := strings.Join(problems(t, met, unmet), "\n")
	for _, want := range rules {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not reported:\n%s", want, got)
		}
	}
	for _, want := range []string{"TOKEN_PUBLIC_KEYS: ", "TOKEN_PRIVATE_KEY: is neither", demand.Error()} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not reported:\n%s", want, got)
		}
	}
	if lines := strings.Count(got, "\n") + 1; lines != len(rules)+3 {
		t.Errorf("%d problems are reported:\n%s", lines, got)
	}
	if strings.Contains(got, "geheim") {
		t.Errorf("a value is shown:\n%s", got)
	}
}

//nolint:paralleltest // the environment is the process's
func TestDefaults(t *testing.T) {
	setEnvironment(t)
	c, err := config.FromEnvironment("post")
	if err != nil {
		t.Fatal(err)
	}
	if c.DatabasePool != 10 || c.RequestTimeout != 10*time.Second || c.ErrorHint != "full" ||
		c.PasswordIterations != 600_000 || c.OnLambda() || c.TimeZone.Location().String() != "Asia/Seoul" ||
		c.TrustedProxies != nil || c.Signer != nil || c.Verifier == nil {
		t.Errorf("the defaults are %+v", c)
	}
	setEnvironment(t, "AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001", "PASSWORD_ITERATIONS", "2000000", "LISTEN", "")
	if c, err = config.FromEnvironment("post"); err != nil || c.DatabasePool != 2 || !c.OnLambda() {
		t.Errorf("on Lambda: %+v, %v", c, err)
	}
	setEnvironment(t, "AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001", "DATABASE_POOL", "1")
	if c, err = config.FromEnvironment("post"); err != nil || c.DatabasePool != 1 {
		t.Errorf("with one connection on Lambda: %+v, %v", c, err)
	}
	for name, value := range map[string]string{
		"METRICS": "on", "INFLUX_URL": "http://host/?db=minifb", "ELASTIC_URL": "http://host/minifb",
		"OTLP_URL": "http://host",
	} {
		setEnvironment(t, "AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001", name, value)
		want := name + ": leave it unset on Lambda, where there are no feeds"
		if got := problems(t); !slices.Equal(got, []string{want}) {
			t.Errorf("%s on Lambda: got %q, want %q", name, got, want)
		}
	}
	setEnvironment(t, "LISTEN_FDS", "1", "LISTEN", "")
	if c, err = config.FromEnvironment("post"); err != nil || c.Listen != (config.Address{}) {
		t.Errorf("with a passed socket: %+v, %v", c, err)
	}
}

//nolint:paralleltest // the environment is the process's
func TestEachFunctionHasItsOwnRole(t *testing.T) {
	setEnvironment(t, "DATABASE_URL", "postgres://minifb_{function}:{function}@db:5432/minifb?sslmode=disable")
	for _, area := range []string{"post", "backoffice"} {
		c, err := config.FromEnvironment(area)
		want := "postgres://minifb_" + area + ":" + area + "@db:5432/minifb?sslmode=disable"
		if err != nil || c.DatabaseURL != want {
			t.Errorf("%s: %s, %v, want %s", area, c.DatabaseURL, err, want)
		}
		setEnvironment(t, "DATABASE_URL", "postgres://minifb_{function}:{function}@db:5432/minifb?sslmode=disable")
	}
}

//nolint:paralleltest // the environment is the process's
func TestValues(t *testing.T) {
	file := filepath.Join(t.TempDir(), "private.jwk")
	if err := os.WriteFile(file, []byte(private+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	setEnvironment(t, "LISTEN", "tcp:[::1]:8081", "TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.1,2001:db8::/32",
		"TOKEN_PRIVATE_KEY", file, "REQUEST_TIMEOUT", "300ms", "DATABASE_POOL", "7", "ERROR_HINT", "generic",
		"TIMEZONE", "America/New_York", "METRICS", "on", "INFLUX_URL", "http://127.0.0.1:8086/?db=minifb",
		"ELASTIC_URL", "https://key@host/minifb", "OTLP_URL", "http://127.0.0.1:4318",
		"SMTP_URL", "smtp://user:password@host?from=minifb@example.org")
	c, err := config.FromEnvironment("post")
	if err != nil {
		t.Fatal(err)
	}
	listen := config.Address{Network: "tcp", Address: "[::1]:8081"}
	if c.Listen != listen || c.RequestTimeout != 300*time.Millisecond ||
		c.DatabasePool != 7 || c.ErrorHint != "generic" || c.TimeZone.Location().String() != "America/New_York" {
		t.Errorf("got %+v", c)
	}
	feeds := feed.Settings{
		Metrics: true, InfluxURL: "http://127.0.0.1:8086/?db=minifb", ElasticURL: "https://key@host/minifb",
		OTLPURL: "http://127.0.0.1:4318",
	}
	if c.Feeds() != feeds {
		t.Errorf("the feeds are %+v", c.Feeds())
	}
	var networks []string
	for _, network := range c.TrustedProxies {
		networks = append(networks, network.String())
	}
	if want := []string{"10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"}; !slices.Equal(networks, want) {
		t.Errorf("the trusted proxies are %v, want %v", networks, want)
	}
	signed, err := c.Signer.Sign(token.Claims{UserUID: 1, SessionID: "00000000-0000-0000-0000-000000000000"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Verifier.Verify(signed); err != nil {
		t.Errorf("the keys do not match: %v", err)
	}
	for _, name := range []string{
		"DATABASE_URL", "TOKEN_PRIVATE_KEY", "INFLUX_URL", "ELASTIC_URL", "OTLP_URL", "SMTP_URL",
	} {
		if value, ok := os.LookupEnv(name); ok {
			t.Errorf("%s is still %q in the environment", name, value)
		}
	}
}

// An operator who sets CORS_ORIGINS to nothing turns it off. Unset, it allows every origin.
func TestEmptyOriginsAreNone(t *testing.T) {
	allowed := func() string {
		c, err := config.FromEnvironment("post")
		if err != nil {
			t.Fatal(err)
		}
		header := http.Header{}
		c.CORSOrigins.Allow(header, &http.Request{Header: http.Header{"Origin": {"https://a.example"}}})
		return header.Get("Access-Control-Allow-Origin")
	}
	setEnvironment(t)
	if got := allowed(); got != "*" {
		t.Errorf("unset: allowed is %q, want *", got)
	}
	setEnvironment(t)
	t.Setenv("CORS_ORIGINS", "")
	if got := allowed(); got != "" {
		t.Errorf("empty: allowed is %q, want nothing", got)
	}
}
