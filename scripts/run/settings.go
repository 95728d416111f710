package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"minifb/shared/ops/bundle"
	"minifb/shared/rules"
)

// settings are the variables that `make run` reads. README.md explains them.
type settings struct {
	port                   int
	dataDir                string // absolute
	databaseURL            string
	adminID, adminPassword string
	env                    func(string) string
}

var errMalformedURL = errors.New(
	"DATABASE_URL: cannot be parsed; write it as postgres://user:password@host:5432/database")

// readSettings returns the settings, or an error that names every variable with a problem.
func readSettings(env func(string) string) (settings, error) {
	s := settings{
		port: 8080, dataDir: ".data", databaseURL: env("DATABASE_URL"),
		adminID: env("ADMIN_ID"), adminPassword: env("ADMIN_PASSWORD"), env: env,
	}
	var problems []error
	check := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	if value := env("PORT"); value != "" {
		var err error
		if s.port, err = strconv.Atoi(value); err != nil || s.port < 1 || s.port > 65535 {
			check(fmt.Errorf("PORT: %q is not a number from 1 to 65535", value))
		}
	}
	if value := env("DATA_DIR"); value != "" {
		s.dataDir = value
	}
	if dir, err := filepath.Abs(s.dataDir); err != nil {
		check(fmt.Errorf("DATA_DIR: %w", err))
	} else {
		s.dataDir = dir
	}
	if s.databaseURL != "" {
		if _, err := pgx.ParseConfig(s.databaseURL); err != nil {
			check(errMalformedURL)
		}
	}
	if (s.adminID == "") != (s.adminPassword == "") {
		check(errors.New("ADMIN_ID, ADMIN_PASSWORD: set both or neither"))
	}
	if s.adminID != "" {
		check(rules.Check("ADMIN_ID", rules.ID(s.adminID)))
	}
	if s.adminPassword != "" {
		check(rules.Check("ADMIN_PASSWORD", rules.Password(s.adminPassword)))
	}
	if hint := env("ERROR_HINT"); hint != "" && hint != "full" && hint != "generic" {
		check(errors.New("ERROR_HINT: must be full or generic"))
	}
	return s, errors.Join(problems...)
}

// options returns what the bundle is started with. scripts/compile has built the functions.
func (s settings) options(out *screen) bundle.Options {
	return bundle.Options{
		Source: ".", Dir: s.dataDir, Binaries: filepath.Join(s.dataDir, "bin"), Port: s.port,
		DatabaseURL: s.databaseURL, AdminID: s.adminID, AdminPassword: s.adminPassword,
		Parameter: s.parameter, Step: out.step, Logf: out.printf,
	}
}

// parameter returns the value of a parameter of the template from the environment: that of
// ErrorHint is in ERROR_HINT.
func (s settings) parameter(name string) (string, bool) {
	value := s.env(strings.ToUpper(wordEnd.ReplaceAllString(name, "${1}_${2}")))
	return value, value != ""
}

var wordEnd = regexp.MustCompile(`([a-z0-9])([A-Z])`)
