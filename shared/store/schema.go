package store

import (
	"errors"
	"io/fs"
	"strings"

	"minifb/migrations"
)

// A schema is what Migrate makes of a database.
type schema struct {
	files  fs.FS  // the migrations
	citus  fs.FS  // those that a distributed database gets in place of some of them
	grants string // the rights of the functions' roles after them
}

// required is the schema of this build.
var required = schema{migrations.Files, migrations.CitusFiles, migrations.Grants}

// requiredMigration is the newest migration in this build.
var requiredMigration = required.newest()

// text returns the statements of a migration.
func (wanted schema) text(file string, distributed bool) (string, error) {
	if distributed {
		text, err := fs.ReadFile(wanted.citus, "citus/"+file+".sql")
		if !errors.Is(err, fs.ErrNotExist) {
			return string(text), err
		}
	}
	text, err := fs.ReadFile(wanted.files, file+".tx.up.sql")
	return string(text), err
}

// newest returns the number of the last migration.
func (wanted schema) newest() string {
	names, err := fs.Glob(wanted.files, "*.up.sql")
	if err != nil || len(names) == 0 {
		panic("store: no migrations are embedded")
	}
	number, _, _ := strings.Cut(names[len(names)-1], "_")
	return number
}
