// Command distribute distributes the tables of the database at DATABASE_URL, which is migrated, to the servers that
// Citus knows. docs/scale.md says how to prepare it. It runs once; again, it only gives the functions' roles their
// rights on shards that were moved.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

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
		fmt.Fprintln(os.Stderr, "distribute: DATABASE_URL is not set; name the coordinator, and the tables' owner")
		return 2
	}
	begun := time.Now()
	err := store.Distribute(ctx, url, func(step string) {
		fmt.Printf("%6.1f s  %s\n", time.Since(begun).Seconds(), step)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "distribute:", err)
		return 1
	}
	fmt.Printf("%6.1f s  done; start the functions\n", time.Since(begun).Seconds())
	return 0
}
