package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"minifb/scripts/conformance/check"
	"minifb/scripts/conformance/contract"
	"minifb/scripts/conformance/core"
)

// settings are the flags and the argument.
type settings struct {
	url               string
	admin             *check.User
	profile           string
	names             *core.Names
	expired           string // an access token
	run               *regexp.Regexp
	list              bool
	parallel          int
	junitFile, inJSON string
}

func parse(args []string) (s settings, err error) {
	flags := flag.NewFlagSet("minifb-check", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "usage: minifb-check [flags] http://localhost:8080")
		flags.PrintDefaults()
	}
	admin := flags.String("admin", "", "`ID:PASSWORD` of an administrator, for the cases of the back office;\n"+
		"or set ADMIN_ID and ADMIN_PASSWORD, which other users of the machine cannot see")
	flags.StringVar(&s.profile, "profile", "full",
		"full: the whole contract of this project; core: what every minifb has;\n"+
			"limits: the limits of accounts and sessions, for a server that has the default ones,\n"+
			"which let one client run this profile three times an hour")
	flags.StringVar(&s.expired, "expired-token", "",
		"an access `TOKEN` of the server that has expired, for the cases of such tokens")
	pattern := flags.String("run", "", "run only the cases whose name matches this `REGEXP`")
	names := flags.String("names", "",
		"with --profile core, read what routes and members are called from this `FILE`,\n"+
			"which is like scripts/conformance/core/names.json")
	flags.BoolVar(&s.list, "list", false, "list the cases and their rules, and run none")
	flags.IntVar(&s.parallel, "parallel", 8, "how many cases run at a time")
	flags.StringVar(&s.junitFile, "junit", "", "write the results as JUnit's XML to this `FILE`")
	flags.StringVar(&s.inJSON, "json", "", "write the results as JSON to this `FILE`")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.run, err = regexp.Compile(*pattern); err != nil {
		return s, fmt.Errorf("--run: %w", err)
	}
	if !slices.Contains([]string{"full", "core", "limits"}, s.profile) {
		return s, errors.New("--profile: must be full, core or limits")
	}
	if s.expired != "" && s.profile != "full" {
		return s, errors.New("--expired-token: needs the profile full")
	}
	if s.names, err = readNames(*names); err != nil {
		return s, err
	}
	if *names != "" && s.profile != "core" {
		return s, errors.New("--names: needs --profile core; the profile full has the names of this project")
	}
	if s.parallel < 1 || s.parallel > 64 {
		return s, errors.New("--parallel: must be 1 to 64")
	}
	if s.admin, err = administrator(*admin); err != nil {
		return s, err
	}
	if s.list && flags.NArg() == 0 {
		return s, nil
	}
	s.url, err = server(flags.Args())
	return s, err
}

// server returns the URL that the arguments name, or else BASE_URL.
func server(args []string) (string, error) {
	address := os.Getenv("BASE_URL")
	if len(args) > 0 {
		address = args[0]
	}
	if len(args) > 1 || address == "" {
		return "", errors.New("name one server, such as http://localhost:8080, or set BASE_URL; flags come before it")
	}
	address = strings.TrimRight(address, "/")
	if u, err := url.Parse(address); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", fmt.Errorf("%q is not a URL such as http://localhost:8080", address)
	}
	return address, nil
}

// administrator returns who is named by the flag, or else by the environment; nil if nobody is.
func administrator(flag string) (*check.User, error) {
	id, password := os.Getenv("ADMIN_ID"), os.Getenv("ADMIN_PASSWORD")
	if flag != "" {
		id, password, _ = strings.Cut(flag, ":")
	}
	switch {
	case id == "" && password == "":
		return nil, nil //nolint:nilnil // nobody is no mistake
	case id == "" || password == "":
		return nil, errors.New("--admin: must be ID:PASSWORD; and ADMIN_ID needs ADMIN_PASSWORD")
	}
	return &check.User{ID: id, Password: password}, nil
}

// readNames reads a file of names. Without one it returns the names of this project.
func readNames(file string) (*core.Names, error) {
	if file == "" {
		return core.Default(), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return core.Parse(text)
}

// cases returns those that are to be run, and why others are left out.
func (s settings) cases() (selected []check.Case, leftOut []string, err error) {
	var all, unnamed []check.Case
	leave := func(cases []check.Case, why string) {
		matching := slices.DeleteFunc(cases, func(c check.Case) bool { return !s.run.MatchString(c.Name) })
		if n := len(matching); n > 0 {
			leftOut = append(leftOut, fmt.Sprintf("%d cases %s", n, why))
		}
	}
	switch s.profile {
	case "core":
		all, unnamed = core.Cases(s.names)
		leave(unnamed, "were not run: the file of names has no such routes")
	case "limits":
		all = contract.LimitCases()
	default:
		all = contract.Cases()
		expired := contract.ExpiredCases(s.expired)
		if s.expired != "" || s.list {
			all = append(all, expired...)
		} else {
			leave(expired, "of expired tokens were not run: they need -expired-token TOKEN")
		}
		leave(contract.LimitCases(), "of limits were not run: they need -profile limits, and a server with its limits")
	}
	var left []check.Case
	for _, c := range all {
		switch {
		case !s.run.MatchString(c.Name):
		case c.Admin && s.admin == nil && !s.list:
			left = append(left, c)
		default:
			selected = append(selected, c)
		}
	}
	leave(left, "of the back office were not run: they need -admin ID:PASSWORD, or ADMIN_ID and ADMIN_PASSWORD")
	if len(selected) == 0 {
		return nil, nil, fmt.Errorf("no case to run matches %q", s.run)
	}
	return selected, leftOut, nil
}

func (s settings) options() check.Options {
	o := contract.Options()
	if s.profile == "core" {
		o = core.Options(s.names)
	}
	o.URL, o.Parallel, o.Admin = s.url, s.parallel, s.admin
	return o
}

// write writes the files that are asked for.
func (s settings) write(results []check.Result, took time.Duration) error {
	var errs []error
	if s.junitFile != "" {
		errs = append(errs, toFile(s.junitFile, func(w io.Writer) error { return check.WriteJUnit(w, results, took) }))
	}
	if s.inJSON != "" {
		errs = append(errs, toFile(s.inJSON, func(w io.Writer) error { return check.WriteJSON(w, results) }))
	}
	return errors.Join(errs...)
}

func toFile(path string, write func(io.Writer) error) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
