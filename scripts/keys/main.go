// Command keys creates, lists, rotates and retires the keys with which access tokens are signed and
// checked: private.jwk and public.jwks in a directory. docs/operating.md has the steps.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"minifb/shared/ops/keys"
	"minifb/shared/token"
)

const usage = `usage:
  keys create DIRECTORY                 create the first key; keys that exist are kept
  keys list DIRECTORY                   list the keys, the newest first
  keys rotate [-delay 10m] DIRECTORY    add a key, which signs once the delay has passed
  keys retire [-force] DIRECTORY KID    remove a key that is no longer used

The delay has to be long enough for every function to read the new public key: 30s if all of them read this
directory, and 10m if the files are copied or fetched from a URL. retire refuses to remove a key while tokens
that it signed may be valid; -force is for a key that was stolen.
`

// errUsage is an error in the arguments.
var errUsage = errors.New("wrong arguments")

func main() {
	err := run(os.Args[1:], time.Now(), os.Stdout)
	if errors.Is(err, errUsage) {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "keys:", err)
		os.Exit(1)
	}
}

func run(arguments []string, now time.Time, out io.Writer) error {
	if len(arguments) == 0 {
		return errUsage
	}
	flags := flag.NewFlagSet("keys", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	delay, force := new(time.Duration), new(bool)
	command, words := arguments[0], 1
	switch command {
	case "create", "list":
	case "rotate":
		delay = flags.Duration("delay", 10*time.Minute, "")
	case "retire":
		force, words = flags.Bool("force", false, ""), 2
	default:
		return errUsage
	}
	if flags.Parse(arguments[1:]) != nil || flags.NArg() != words || *delay < 0 || flags.Arg(0) == "" {
		return errUsage
	}
	dir := flags.Arg(0)
	switch command {
	case "create":
		return create(dir, out)
	case "list":
		return list(dir, now, out)
	case "rotate":
		return rotate(dir, now, *delay, out)
	}
	return retire(dir, now, flags.Arg(1), *force, out)
}

func create(dir string, out io.Writer) error {
	created, err := keys.Ensure(dir)
	switch {
	case err != nil:
		return err
	case created:
		fmt.Fprintf(out, "created %s and %s; only auth may read the first\n", keys.Private(dir), keys.Public(dir))
	default:
		fmt.Fprintf(out, "%s has keys, which are kept; `keys rotate` adds another\n", dir)
	}
	return nil
}

func list(dir string, now time.Time, out io.Writer) error {
	all, err := keys.List(dir, now)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "KID\tCREATED\tSTATE")
	for _, k := range all {
		fmt.Fprintf(table, "%s\t%s\t%s\n", k.ID, date(k.Created), state(k, now))
	}
	return table.Flush()
}

// state says what a key is used for.
func state(k token.RingKey, now time.Time) string {
	retirable, known := keys.Retirable(k, now)
	switch {
	case k.Signs:
		return "signs"
	case !k.Private:
		return "verifies only; its private half is not here"
	case !known:
		return "verifies; it is not known when it signed last"
	case k.SignsFrom.After(now):
		return "signs from " + date(k.SignsFrom) + " on"
	case now.Before(retirable):
		return "verifies; can be retired from " + date(retirable) + " on"
	}
	return "can be retired"
}

func date(t time.Time) string {
	if t.IsZero() {
		return "unknown"
	}
	return t.UTC().Format(time.RFC3339)
}

func rotate(dir string, now time.Time, delay time.Duration, out io.Writer) error {
	id, err := keys.Rotate(dir, now, delay)
	if err != nil {
		return err
	}
	signs := now.Add(delay)
	fmt.Fprintf(out, "added %s, which signs from %s on\n"+
		"next: by then, copy the files to every host that does not read this directory (scripts/send-keys);\n"+
		"      from %s on, retire the former key: keys list, keys retire\n",
		id, date(signs), date(signs.Add(keys.Overlap)))
	return nil
}

func retire(dir string, now time.Time, id string, force bool, out io.Writer) error {
	if err := keys.Retire(dir, now, id, force); err != nil {
		return fmt.Errorf("retire %s: %w", id, err)
	}
	fmt.Fprintf(out, "removed %s\n"+
		"next: copy the files to every host that does not read this directory (scripts/send-keys)\n", id)
	return nil
}
