package migrations_test

import (
	"context"
	"database/sql"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// An object is a part of the schema, such as a table or a column. Of the later fields each kind has
// its own.
type object struct {
	Kind       string `json:"kind"`
	ID         string `json:"id"`    // the same before and after a rename
	Table      int64  `json:"table"` // OID of the table it belongs to, for a table its own
	Name       string `json:"name"`
	Definition string `json:"definition"`

	File        int64    `json:"file"`         // of a table or an index; a rewrite makes a new one
	Locks       []string `json:"locks"`        // that this transaction holds on the table
	Scans       int64    `json:"scans"`        // of the whole table, by this transaction
	ChangedRows int64    `json:"changed_rows"` // that this transaction updated or deleted in the table

	Type     string `json:"type"`     // of a column, with length and collation; of a constraint: c, f, p, u or x
	Default  string `json:"default"`  // of a column, also GENERATED
	Required bool   `json:"required"` // the column is NOT NULL, the index is UNIQUE
	Valid    bool   `json:"valid"`    // the constraint is validated, the index complete, the trigger enabled
	Columns  []int  `json:"columns"`  // numbers of those in a constraint or an index; 0 is an expression
	Index    int64  `json:"index"`    // OID of the index behind a constraint
}

// A catalog is all objects of a database at one moment, by kind and ID.
type catalog map[string]object

//go:embed testdata/catalog.sql
var catalogQuery string

// readCatalog returns the schema as the connection's transaction sees it, and what the transaction
// has done so far.
func readCatalog(ctx context.Context, conn *sql.Conn) (catalog, error) {
	rows, err := conn.QueryContext(ctx, catalogQuery)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	defer rows.Close()
	c := catalog{}
	for rows.Next() {
		var line []byte
		var o object
		if err := rows.Scan(&line); err != nil {
			return nil, fmt.Errorf("read the catalog: %w", err)
		}
		if err := json.Unmarshal(line, &o); err != nil {
			return nil, fmt.Errorf("read the catalog: %w", err)
		}
		c[o.Kind+" "+o.ID] = o
	}
	return c, rows.Err()
}

// table returns the table that o belongs to.
func (c catalog) table(o object) (table object, exists bool) {
	for _, kind := range []string{"table", "view"} {
		if table, exists = c[fmt.Sprint(kind, " ", o.Table)]; exists {
			return table, true
		}
	}
	return object{}, false
}

// name returns the full name of o, such as posts.content or "posts_owner on posts".
func (c catalog) name(o object) string {
	table, exists := c.table(o)
	switch {
	case !exists || o.Kind == table.Kind:
		return o.Name
	case o.Kind == "column":
		return table.Name + "." + o.Name
	default:
		return o.Name + " on " + table.Name
	}
}

// of returns the objects of these kinds, or all objects, ordered by name.
func (c catalog) of(kinds ...string) (objects []object) {
	for _, o := range c {
		if len(kinds) == 0 || slices.Contains(kinds, o.Kind) {
			objects = append(objects, o)
		}
	}
	slices.SortFunc(objects, func(a, b object) int { return strings.Compare(c.name(a)+a.ID, c.name(b)+b.ID) })
	return objects
}

// find returns o as it is in this catalog. What was dropped and created again under its name counts
// as the same object: a function or a trigger may be replaced, and ALTER COLUMN TYPE recreates the
// column's constraints and indexes.
func (c catalog) find(o object) (found object, exists bool) {
	if found, exists = c[o.Kind+" "+o.ID]; exists {
		return found, true
	}
	for _, other := range c {
		if other.Kind != o.Kind || other.Table != o.Table || other.Name != o.Name {
			continue
		}
		switch o.Kind {
		case "function", "trigger":
			return other, true
		case "constraint", "index":
			return other, other.Definition == o.Definition
		}
	}
	return object{}, false
}

// constraintIndexes returns the IDs of the indexes that belong to a constraint: they come and go
// with it.
func (c catalog) constraintIndexes() map[string]bool {
	ids := map[string]bool{}
	for _, o := range c.of("constraint") {
		if o.Index != 0 && o.Type != "f" { // a foreign key names the index of the other table
			ids[fmt.Sprint(o.Index)] = true
		}
	}
	return ids
}

// lines describes every object in a line, by name and definition alone. The order of a table's
// columns is left out.
func (c catalog) lines() (lines []string) {
	for _, o := range c {
		state := ""
		if o.Kind == "index" && !o.Valid {
			state = " INVALID"
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s%s", o.Kind, c.name(o), o.Definition, state))
	}
	slices.Sort(lines)
	return lines
}

// difference lists what another catalog has less (-) and more (+) than this one.
func (c catalog) difference(other catalog) (changes []string) {
	mine, theirs := c.lines(), other.lines()
	for _, line := range mine {
		if !slices.Contains(theirs, line) {
			changes = append(changes, "- "+line)
		}
	}
	for _, line := range theirs {
		if !slices.Contains(mine, line) {
			changes = append(changes, "+ "+line)
		}
	}
	return changes
}
