// Command migrate applies the migrations that the database at DATABASE_URL does not have yet. Run it
// before the functions that need the new schema. A deploy with MIGRATE=1 runs it on the host.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"minifb/shared/store"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Getenv("DATABASE_URL"))
	stop()
	os.Exit(code)
}

func run(ctx context.Context, url string) int {
	if url == "" {
		const example = "postgres://user:password@host:5432/database"
		fmt.Fprintln(os.Stderr, "migrate: DATABASE_URL is not set; set it to", example)
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
