// Command bench is `make bench`: it measures the functions as released, on a database with a million posts, beside the
// leanest SQL that does the same. Each row of its table is one kind of request. With the argument compare it is
// `make bench-compare`, and with profile `make profile`.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"minifb/shared/password"
	"minifb/shared/testkit/trial"
)

// settings are the variables of `make bench` and `make profile`.
type settings struct {
	rounds   int
	duration time.Duration // of each measurement, in whole seconds
	warmUp   time.Duration // before each, likewise
	rows     []row
	size     size
	dataDir  string // of the database, kept for the next run
	root     string // of the repository

	// Only tests change these.
	binaries   string        // the folder of the built functions; empty: they are built
	iterations int           // of a password's hash
	pause      time.Duration // of each client between two requests
	results    string        // the folder of the results, in .build
}

// readSettings reads the variables of `make bench`. The error names each invalid one.
func readSettings(env func(string) string) (settings, error) {
	v := trial.NewVariables(env)
	s := settings{
		rounds: v.Number("ROUNDS", 3, 1), duration: time.Duration(v.Number("SECONDS", 5, 1)) * time.Second,
		warmUp: time.Second, size: standard, root: ".", iterations: password.DefaultIterations,
		results: filepath.Join(".build", "bench"),
	}
	s.size.Posts = v.Number("POSTS", standard.Posts, leastPosts)
	if s.dataDir = env("DATA_DIR"); s.dataDir == "" {
		s.dataDir = filepath.Join(".data", "bench")
	}
	if s.size.Posts != standard.Posts {
		s.dataDir += "-" + strconv.Itoa(s.size.Posts)
	}
	pattern, err := regexp.Compile(env("ROWS"))
	if err != nil {
		v.Refuse("ROWS is %q, which is no regular expression: %w", env("ROWS"), err)
		return s, v.Err()
	}
	for _, r := range rows(s.size) {
		if pattern.MatchString(r.name) {
			s.rows = append(s.rows, r)
		}
	}
	if len(s.rows) == 0 {
		v.Refuse("ROWS is %q: it matches none of %s", env("ROWS"), rowNames())
	}
	return s, v.Err()
}

func main() {
	target, run := "bench", trial.Run(nil)
	var err error
	switch strings.Join(os.Args[1:], " ") {
	case "":
		var s settings
		s, err = readSettings(os.Getenv)
		run = s.run
	case "profile":
		var p profile
		target = "profile"
		p, err = readProfile(os.Getenv)
		run = p.run
	case "compare":
		if err := compare(os.Stdout, os.Getenv("A"), os.Getenv("B")); err != nil {
			fmt.Fprintln(os.Stderr, "make bench-compare:", err)
			os.Exit(1)
		}
		return
	default:
		err = fmt.Errorf("the arguments are %q: use none, or profile or compare", os.Args[1:])
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "make %s: %v\n", target, err)
		os.Exit(1)
	}
	os.Exit(trial.Main(target, run))
}
