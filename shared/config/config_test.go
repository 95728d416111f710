package config_test

import (
	"strings"
	"testing"
	"time"

	"minifb/shared/config"
)

// set makes the environment that a function needs, changed by pairs of a variable and its value.
func set(t *testing.T, pairs ...string) {
	t.Helper()
	for _, name := range []string{"DATABASE_POOL", "LISTEN", "REQUEST_TIMEOUT", "ERROR_HINT", "TOKEN_PRIVATE_KEY", "PASSWORD_ITERATIONS", "AWS_LAMBDA_RUNTIME_API"} {
		t.Setenv(name, "")
	}
	t.Setenv("DATABASE_URL", "postgres://minifb@localhost/minifb")
	t.Setenv("TOKEN_PUBLIC_KEYS", `{"keys":[]}`)
	for i := 0; i < len(pairs); i += 2 {
		t.Setenv(pairs[i], pairs[i+1])
	}
}

// Whoever sets a function up learns of every fault at once, and of no secret.
//
//nolint:paralleltest // there is one environment
func TestFaultsAreTold(t *testing.T) {
	for name, c := range map[string]struct{ pairs, want []string }{
		"values out of bounds": {
			[]string{"DATABASE_POOL", "-1", "ERROR_HINT", "some", "PASSWORD_ITERATIONS", "2000001", "REQUEST_TIMEOUT", "0s", "TOKEN_PUBLIC_KEYS", "/no/such/file"},
			[]string{"DATABASE_POOL: -1", "ERROR_HINT: ", "PASSWORD_ITERATIONS: name 1 to 2000000", "REQUEST_TIMEOUT: ", "TOKEN_PUBLIC_KEYS: "},
		},
		"no rounds": {[]string{"PASSWORD_ITERATIONS", "-1"}, []string{"PASSWORD_ITERATIONS: "}},
		"what is missing or unreadable, and the rest": {
			[]string{"DATABASE_URL", "", "TOKEN_PUBLIC_KEYS", "", "REQUEST_TIMEOUT", "soon", "DATABASE_POOL", "-1", "ERROR_HINT", "some", "TOKEN_PRIVATE_KEY", "/no/such/file"},
			[]string{"DATABASE_URL", "TOKEN_PUBLIC_KEYS", "RequestTimeout", "DATABASE_POOL: -1", "ERROR_HINT: ", "TOKEN_PRIVATE_KEY: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			set(t, c.pairs...)
			_, err := config.FromEnvironment()
			if err == nil {
				t.Fatal("it is taken")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not told of:\n%v", want, err)
				}
			}
		})
	}
}

//nolint:paralleltest // there is one environment
func TestDefaults(t *testing.T) {
	set(t)
	c, err := config.FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	if c.DatabasePool != 10 || c.RequestTimeout != 10*time.Second || c.ErrorHint != "full" || c.HashIterations != 600_000 || c.OnLambda() {
		t.Errorf("the defaults are %+v", c)
	}
	set(t, "AWS_LAMBDA_RUNTIME_API", "127.0.0.1:9001", "PASSWORD_ITERATIONS", "2000000")
	if c, err = config.FromEnvironment(); err != nil || c.DatabasePool != 2 || !c.OnLambda() {
		t.Errorf("on Lambda: %+v, %v", c, err)
	}
}
