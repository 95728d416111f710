package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

// ofThisRun are the flags that no host stores: they say what to do now.
var ofThisRun = []string{"out", "template", "stored"}

// addStored sets the flags of a host's file, one -name=value in a line, unless the command line has them. The file
// need not exist.
func addStored(flags *flag.FlagSet, file string) error {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) || file == "" {
		return nil
	}
	if err != nil {
		return err
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for line := range strings.Lines(string(text)) {
		name, value, ok := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "-"), "=")
		if !ok || slices.Contains(ofThisRun, name) || flags.Lookup(name) == nil {
			return fmt.Errorf("the stored flags have the line %q, which is no flag of a host", line)
		}
		if given[name] {
			continue
		}
		if err := flags.Set(name, value); err != nil {
			return fmt.Errorf("the stored flags: -%s: %w", name, err)
		}
	}
	return nil
}

// inForce returns the flags that differ from their defaults, as addStored reads them. So an empty value, as in
// -redirect=, removes a flag.
func inForce(flags *flag.FlagSet) string {
	var text strings.Builder
	flags.Visit(func(f *flag.Flag) {
		if value := f.Value.String(); value != f.DefValue && !slices.Contains(ofThisRun, f.Name) {
			fmt.Fprintf(&text, "-%s=%s\n", f.Name, value)
		}
	})
	return text.String()
}
