package migrations_test

import (
	"fmt"
	"slices"
)

// A comparison collects the violations of a migration from the catalog before it and the catalog
// after it.
type comparison struct {
	before, after catalog
	found         []violation
}

// compare returns what a migration did that the previous release may not survive, or that makes its
// requests wait. Both catalogs come from the transaction that ran the migration.
func compare(before, after catalog) []violation {
	c := &comparison{before: before, after: after}
	c.removals()
	c.columns()
	c.constraints()
	c.indexes()
	c.triggers()
	c.tables()
	return c.found
}

// contract adds a violation that breaks the previous release.
func (c *comparison) contract(rule, name, why string) {
	c.found = append(c.found, violation{Rule: rule, Object: name, Why: why, Mark: contractMark})
}

// blocks adds a violation that makes requests wait.
func (c *comparison) blocks(rule, name, why string) {
	c.found = append(c.found, violation{Rule: rule, Object: name, Why: why, Mark: blocksMark})
}

// existed returns whether o belongs to a table that the migration did not create.
func (c *comparison) existed(o object) bool {
	_, exists := c.before.table(o)
	return exists
}

// onlyNewColumns returns whether o concerns only columns that the migration added. In existing
// rows, and in those that the previous release writes, these are null or hold their default.
func (c *comparison) onlyNewColumns(o object) bool {
	for _, number := range o.Columns {
		if _, existed := c.before[fmt.Sprintf("column %d.%d", o.Table, number)]; number <= 0 || existed {
			return false
		}
	}
	return len(o.Columns) > 0
}

// removals finds what was dropped or renamed. What was dropped together with its table or column is
// not listed again.
func (c *comparison) removals() {
	oldIndexes, newIndexes := c.before.constraintIndexes(), c.after.constraintIndexes()
	for _, old := range c.before.of() {
		now, exists := c.after.find(old)
		name := c.before.name(old)
		switch {
		case exists && now.Name == old.Name:
		case old.Kind == "index" && (oldIndexes[old.ID] || newIndexes[old.ID]): // named like its constraint
		case exists:
			c.contract("renamed "+old.Kind, name, whyRenamed)
		case c.droppedWithAnother(old):
		case old.Kind == "index":
			c.contract("dropped index", name, whyDroppedIndex)
		case old.Kind == "constraint" || old.Kind == "trigger":
			c.contract("dropped "+old.Kind, name, whyDroppedRule)
		default:
			c.contract("dropped "+old.Kind, name, whyDropped)
		}
	}
}

// droppedWithAnother returns whether o is part of a table that was dropped, or covers a column that
// was.
func (c *comparison) droppedWithAnother(o object) bool {
	if table, _ := c.before.table(o); table.ID == o.ID {
		return false
	} else if _, exists := c.after.table(o); o.Table != 0 && !exists {
		return true
	}
	return slices.ContainsFunc(o.Columns, func(number int) bool {
		id := fmt.Sprintf("column %d.%d", o.Table, number)
		_, existed := c.before[id]
		_, exists := c.after[id]
		return existed && !exists
	})
}

// columns finds changed columns, and new ones that the previous release cannot fill.
func (c *comparison) columns() {
	for _, now := range c.after.of("column") {
		old, existed := c.before.find(now)
		name := c.after.name(now)
		switch {
		case !c.existed(now):
		case !existed:
			if now.Required && now.Default == "" {
				c.found = append(c.found, violation{Rule: "required column", Object: name, Why: whyRequired})
			}
		default:
			c.column(old, now, name)
		}
	}
}

func (c *comparison) column(old, now object, name string) {
	if old.Type != now.Type {
		c.contract("changed type", name, fmt.Sprintf(whyType, old.Type, now.Type))
	}
	if !old.Required && now.Required {
		c.contract("set not null", name, whyNotNull)
	}
	if old.Required && !now.Required {
		c.contract("dropped not null", name, whyNull)
	}
	if old.Default != "" && old.Default != now.Default {
		c.contract("changed default", name, fmt.Sprintf(whyDefault, old.Default, now.Default))
	}
}

// constraints finds new rules for existing rows. Not validated ones are left to the previous
// release's tests.
func (c *comparison) constraints() {
	for _, now := range c.after.of("constraint") {
		_, existed := c.before.find(now)
		if existed || !c.existed(now) || c.onlyNewColumns(now) {
			continue
		}
		name := c.after.name(now)
		if now.Type == "c" || now.Type == "f" {
			if now.Valid {
				c.contract("validated constraint", name, whyValidated)
			}
			continue
		}
		if _, existed := c.before[fmt.Sprint("index ", now.Index)]; !existed {
			c.contract("unique constraint", name, whyUnique)
		}
	}
}

// indexes finds indexes that were built on existing tables, which includes those of new constraints.
func (c *comparison) indexes() {
	ofConstraint := c.after.constraintIndexes()
	for _, now := range c.after.of("index") {
		old, existed := c.before.find(now)
		name := c.after.name(now)
		switch {
		case !c.existed(now):
		case !existed:
			c.blocks("index on an existing table", name, whyIndex)
			if now.Required && !ofConstraint[now.ID] && !c.onlyNewColumns(now) {
				c.contract("unique index", name, whyUnique)
			}
		case old.File != now.File && !c.rewritten(now):
			c.blocks("rebuilt index", name, whyRebuilt)
		}
	}
}

// triggers finds triggers that were switched off.
func (c *comparison) triggers() {
	for _, now := range c.after.of("trigger") {
		if old, existed := c.before.find(now); existed && old.Valid && !now.Valid {
			c.contract("disabled trigger", c.after.name(now), whyDroppedRule)
		}
	}
}

// rewritten returns whether the table of o has a new file: its rows were copied, or it was truncated.
func (c *comparison) rewritten(o object) bool {
	old, _ := c.before.table(o)
	now, _ := c.after.table(o)
	return old.File != now.File
}

// tables finds existing tables that requests cannot use for long.
func (c *comparison) tables() {
	for _, now := range c.after.of("table", "view") {
		old, existed := c.before.find(now)
		name := c.after.name(now)
		switch {
		case !existed:
			continue
		case old.File != now.File:
			c.blocks("rewritten table", name, whyRewritten)
		case now.Scans > old.Scans && slices.ContainsFunc(now.Locks, blocksWriters) && !c.builtIndex(now):
			c.blocks("scanned under a lock", name, whyScanned)
		}
		if now.ChangedRows > old.ChangedRows {
			c.blocks("changed rows", name, whyChangedRows)
		}
	}
}

// blocksWriters returns whether INSERT, UPDATE and DELETE wait for a transaction that holds a lock
// of this mode.
func blocksWriters(mode string) bool {
	blocking := []string{"ShareLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock"}
	return slices.Contains(blocking, mode)
}

// builtIndex returns whether the migration built an index of the table, which scans it.
func (c *comparison) builtIndex(table object) bool {
	return slices.ContainsFunc(c.after.of("index"), func(now object) bool {
		old, _ := c.before.find(now)
		return now.Table == table.Table && now.File != old.File
	})
}
