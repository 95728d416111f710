package postgres

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A new database is created by the newest PostgreSQL, as an older one soon gets no security updates.
func TestTheNewestPostgreSQLComesFirst(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for dir, script := range map[string]string{
		"9/bin": "echo 'postgres (PostgreSQL) 9.6.24'", "16/bin": "echo 'postgres (PostgreSQL) 16.4 (Debian 16.4-1)'",
		"15/bin": "echo 'postgres (PostgreSQL) 15.8'", "17/bin": "exit 1", "18/bin": "",
	} {
		dir = filepath.Join(root, dir)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, program := range []string{"postgres", "initdb"} {
			if err := os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
	}
	found := newestFirst(root+"/1*/bin", root+"/?/bin")
	want := fmt.Sprintf("[{%[1]s/16/bin 16} {%[1]s/15/bin 15} {%[1]s/9/bin 9}]", root)
	if got := fmt.Sprint(found); got != want {
		t.Errorf("the servers are %s, want %s", got, want)
	}
}
