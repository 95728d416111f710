package migrations

import (
	"embed"
	"io/fs"
	"strings"
)

// CitusFiles has citus/NNNN_what.sql for each migration that Citus cannot apply as it is. In a distributed database
// that file is applied in place of NNNN_what.tx.up.sql. The other files are what the variables below contain.
//
//go:embed citus
var CitusFiles embed.FS

// CitusLayout distributes the tables of a database with Citus. It runs once, in one transaction.
//
//go:embed citus/layout.sql
var CitusLayout string

// CitusFunctions creates or replaces the functions that write on Citus, and one that reads. Each is a series of
// statements that name the post, so that each goes to one server. A statement with several parts, as plain
// PostgreSQL runs it, would be split into as many steps, with their rows sent around. The functions run on the
// coordinator, which has the users, their locks and the sequences. They return what the statement returns that they
// stand for: see shared/store/forms.go.
var CitusFunctions = concatenate(CitusFiles, "citus/functions")

// CitusGrants gives the functions' roles what they need beside Grants on Citus.
//
//go:embed citus/grants.sql
var CitusGrants string

// CitusShards gives them the same rights on the shards, as far as shards can have them. It returns the errors.
//
//go:embed citus/shards.sql
var CitusShards string

// concatenate returns the text of all files in a folder, in the order of their names.
func concatenate(files fs.FS, folder string) string {
	var text strings.Builder
	err := fs.WalkDir(files, folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, path)
		text.Write(content)
		text.WriteByte('\n')
		return err
	})
	if err != nil {
		panic("migrations: " + err.Error()) // they are embedded
	}
	return text.String()
}
