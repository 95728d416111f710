// Package config reads what a function is told through its environment.
package config

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"minifb/shared/password"
)

// A Config is one function's settings. The tags name the variables; README.md explains them to the operator.
type Config struct {
	DatabaseURL    string        `env:"DATABASE_URL,required,notEmpty,unset"`
	DatabasePool   int           `env:"DATABASE_POOL"`                       // connections at most; 10, on Lambda 2
	Listen         string        `env:"LISTEN"`                              // unix:/path or tcp:host:port; unset where a socket is passed
	RequestTimeout time.Duration `env:"REQUEST_TIMEOUT" envDefault:"10s"`    // from the request's arrival to its 504
	ErrorHint      string        `env:"ERROR_HINT" envDefault:"full"`        // full, or generic to hide a 500's cause
	TokenPublic    string        `env:"TOKEN_PUBLIC_KEYS,required,notEmpty"` // a JWK set, or the path of a file that holds one
	TokenPrivate   string        `env:"TOKEN_PRIVATE_KEY,unset"`             // auth alone: a private JWK, or its file
	TokenIssuer    string        `env:"TOKEN_ISSUER" envDefault:"minifb"`
	TokenAudience  string        `env:"TOKEN_AUDIENCE" envDefault:"minifb"`
	HashIterations int           `env:"PASSWORD_ITERATIONS" envDefault:"600000"` // PBKDF2-SHA256 rounds of a new hash
	LambdaAPI      string        `env:"AWS_LAMBDA_RUNTIME_API"`                  // set by Lambda itself
}

// OnLambda tells whether the function was started by a Lambda runtime.
func (c Config) OnLambda() bool { return c.LambdaAPI != "" }

// FromEnvironment reads and checks every variable; its error names all that are wrong at once.
func FromEnvironment() (Config, error) {
	c, err := env.ParseAs[Config]()
	var faults []error
	var all env.AggregateError
	switch {
	case errors.As(err, &all):
		faults = append(faults, all.Errors...)
	case err != nil:
		faults = append(faults, err)
	}
	if c.DatabasePool == 0 {
		c.DatabasePool = 10
		if c.OnLambda() {
			c.DatabasePool = 2
		}
	}
	check := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	check(c.DatabasePool > 0, "DATABASE_POOL: %d connections are too few; name 1 or more", c.DatabasePool)
	check(c.ErrorHint == "full" || c.ErrorHint == "generic" || c.ErrorHint == "", "ERROR_HINT: name full or generic")
	check(c.HashIterations > 0 && c.HashIterations <= password.MaxIterations || err != nil, "PASSWORD_ITERATIONS: name 1 to %d", password.MaxIterations)
	check(c.RequestTimeout > 0 || err != nil, "REQUEST_TIMEOUT: name a duration above 0s")
	c.TokenPublic, c.TokenPrivate = inline(c.TokenPublic, "TOKEN_PUBLIC_KEYS", check), inline(c.TokenPrivate, "TOKEN_PRIVATE_KEY", check)
	if len(faults) > 0 {
		return c, fmt.Errorf("the environment is not right: %w", errors.Join(faults...))
	}
	return c, nil
}

// inline answers the JSON itself, or what the file of that name holds.
func inline(value, name string, check func(bool, string, ...any)) string {
	if value == "" || strings.HasPrefix(strings.TrimSpace(value), "{") {
		return value
	}
	content, err := os.ReadFile(value)
	check(err == nil, "%s: %w", name, err)
	return string(content)
}
