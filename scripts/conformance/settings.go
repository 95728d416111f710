package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"minifb/scripts/conformance/check"
	"minifb/scripts/conformance/contract"
)

// settings are the flags and the argument.
type settings struct {
	url               string
	admin             *check.User
	profile           string
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
	admin := flags.String("admin", "", "`ID:PASSWORD` of an administrator, for the cases of the back office")
	flags.StringVar(&s.profile, "profile", "full",
		"full: the whole contract of this project; core: what every minifb has")
	pattern := flags.String("run", "", "run only the cases whose name matches this `REGEXP`")
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
	if s.profile != "full" {
		return s, errors.New("--profile: must be core or full")
	}
	if s.parallel < 1 || s.parallel > 64 {
		return s, errors.New("--parallel: must be 1 to 64")
	}
	if *admin != "" {
		id, password, ok := strings.Cut(*admin, ":")
		if !ok {
			return s, errors.New("--admin: must be ID:PASSWORD")
		}
		s.admin = &check.User{ID: id, Password: password}
	}
	if s.list && flags.NArg() == 0 {
		return s, nil
	}
	if flags.NArg() != 1 {
		return s, errors.New("name one server, such as http://localhost:8080; flags come before it")
	}
	s.url = strings.TrimRight(flags.Arg(0), "/")
	if u, err := url.Parse(s.url); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return s, fmt.Errorf("%q is not a URL such as http://localhost:8080", s.url)
	}
	return s, nil
}

// cases returns those that are to be run, and how many are left out for want of an administrator.
func (s settings) cases() (selected []check.Case, left int, err error) {
	for _, c := range contract.Cases() {
		switch {
		case !s.run.MatchString(c.Name):
		case c.Admin && s.admin == nil && !s.list:
			left++
		default:
			selected = append(selected, c)
		}
	}
	if len(selected) == 0 {
		return nil, left, fmt.Errorf("no case to run matches %q", s.run)
	}
	return selected, left, nil
}

func (s settings) options() check.Options {
	o := contract.Options()
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
