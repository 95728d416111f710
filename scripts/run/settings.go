package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"minifb/shared/ops/bundle"
	"minifb/shared/rules"
)

// settings are the variables that `make run` reads. README.md explains them.
type settings struct {
	port                   int
	dataDir                string // absolute
	database               bundle.URLs
	adminID, adminPassword string
	lookup                 func(variable string) (value string, set bool)
}

// readSettings returns the settings, or an error that names every variable with a problem.
func readSettings(lookup func(variable string) (value string, set bool)) (settings, error) {
	env := func(variable string) string {
		value, _ := lookup(variable)
		return value
	}
	s := settings{
		port: 8080, dataDir: ".data", adminID: env("ADMIN_ID"), adminPassword: env("ADMIN_PASSWORD"), lookup: lookup,
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
	var err error
	s.database, err = bundle.ReadURLs(env)
	check(err)
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
		DatabaseURL: s.database.Functions, OwnerURL: s.database.Owner,
		AdminID: s.adminID, AdminPassword: s.adminPassword,
		Parameter: s.parameter, Env: s.feeds(), Step: out.step, Logf: out.printf,
	}
}

// feeds returns the variables of feeds that are set.
func (s settings) feeds() (variables []string) {
	for _, name := range []string{"METRICS", "INFLUX_URL", "ELASTIC_URL", "OTLP_URL"} {
		if value, _ := s.lookup(name); value != "" {
			variables = append(variables, name+"="+value)
		}
	}
	return variables
}

// parameter returns the value of a parameter of the template from the environment: that of
// ErrorHint is in ERROR_HINT.
func (s settings) parameter(name string) (string, bool) {
	return s.lookup(strings.ToUpper(wordEnd.ReplaceAllString(name, "${1}_${2}")))
}

var wordEnd = regexp.MustCompile(`([a-z0-9])([A-Z])`)
