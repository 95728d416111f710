// Command migrate applies the migrations that the database at DATABASE_URL does not have yet, as the
// owner of the tables, and gives the functions' roles their rights. Run it before the functions that
// need the new schema. A deploy with MIGRATE=1 runs it on the host, with the file that has DATABASE_URL
// as its argument.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"minifb/shared/config"
	"minifb/shared/ops/envfile"
	"minifb/shared/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// databaseURL returns DATABASE_URL of the file that the arguments name, or of the environment.
func databaseURL(args []string) (url string, err error) {
	if len(args) == 0 {
		return os.Getenv("DATABASE_URL"), nil
	}
	content, err := os.ReadFile(args[0])
	if err != nil {
		return "", err
	}
	for _, variable := range envfile.Parse(string(content)) {
		if value, ok := strings.CutPrefix(variable, "DATABASE_URL="); ok {
			url = value // the last one counts
		}
	}
	return url, nil
}

func run(ctx context.Context, args []string) int {
	url, err := databaseURL(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "migrate:", err)
		return 2
	}
	if url == "" {
		const example = "postgres://user:password@host:5432/database"
		fmt.Fprintln(os.Stderr, "migrate: DATABASE_URL is not set; set it to", example)
		return 2
	}
	if strings.Contains(url, config.FunctionPlaceholder) {
		fmt.Fprintf(os.Stderr, "migrate: DATABASE_URL has %s; name the owner of the tables instead\n",
			config.FunctionPlaceholder)
		return 2
	}
	steps, err := store.Migrate(ctx, url)
	for _, step := range steps {
		fmt.Println("migrated", step)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "migrate:", err)
		return 1
	}
	if len(steps) == 0 {
		fmt.Println("the schema is up to date")
	}
	return 0
}
