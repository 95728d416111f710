package migrations_test

import (
	"fmt"
	"strings"
)

// A violation is one thing that a migration does and should not do while the functions serve.
type violation struct {
	Rule   string // such as "dropped column"
	Object string // such as posts.content
	Why    string // why it is refused, and what to do instead
	Mark   string // what excuses it; empty: nothing does
}

func (v violation) String() string {
	text := v.Rule
	if v.Object != "" {
		text += " " + v.Object
	}
	text += ": " + v.Why
	switch v.Mark {
	case contractMark:
		text += " If no running release relies on how it was, this is the contracting step: begin the file with " +
			"`-- contract: <why, and which release stopped using it>`."
	case blocksMark:
		text += " If requests can wait that long, add `-- blocks: <how long, and why that is acceptable>` at the top."
	}
	return text
}

const (
	whyDropped = "The previous release runs beside the new one and may still use it. Let a release stop " +
		"using it, and drop it in a later migration."
	whyDroppedRule = "One of the two running releases may now write what the other cannot read, or rely on " +
		"what is no longer enforced. Keep it until no running release needs it."
	whyDroppedIndex = "Queries of the previous release may need it, to be fast or to refuse duplicates. " +
		"Keep it until no running release does."
	whyRenamed = "The previous release knows only the old name. Add the new one beside it, write both, " +
		"move the readers, and drop the old one in a later migration."

	whyRequired = "The previous release does not know it, and its INSERTs fail. Add it nullable or with a " +
		"constant default, let a release write it, and set it NOT NULL in a later migration."
	whyType = "It was %s and is now %s: the previous release reads and writes the old type. Add a column " +
		"of the new type, write both, move the readers, and drop the old one in a later migration."
	whyNotNull = "The previous release may still write null. Let a release always write a value first."
	whyNull    = "The new release may write a null that the previous one cannot read."
	whyDefault = "It was %s and is now %q: the previous release leaves the column out of its INSERTs and " +
		"relies on the old default. Let a release always write the column first."

	whyValidated = "An existing row, or one that the previous release writes, may break it. Add it NOT " +
		"VALID, and run VALIDATE CONSTRAINT in a later migration."
	whyFails = "A database that serves has such rows: add a column that may be null, or a constraint that " +
		"is NOT VALID."
	whyUnique = "Existing rows, or rows that the previous release writes, may break it. Let a release " +
		"respect it first."

	whyIndex = "Writers to the table wait until it is built. A migration is a transaction, where " +
		"CONCURRENTLY is not possible: have the operator run CREATE INDEX CONCURRENTLY before the " +
		"migration, and write CREATE INDEX IF NOT EXISTS with the same name here."
	whyRebuilt = "No request can use the table until it is rebuilt. The operator can run REINDEX " +
		"CONCURRENTLY instead, outside of a migration."
	whyRewritten = "Every row is copied, or deleted by TRUNCATE, while no request can use the table. A new " +
		"column that is nullable or has a constant default needs no rewrite; a volatile default such as " +
		"clock_timestamp() does."
	whyScanned = "The whole table is read while a lock makes writers wait. Add a constraint NOT VALID and " +
		"validate it in a later migration; SET NOT NULL does not scan where a valid CHECK (… IS NOT NULL) " +
		"exists."
	whyChangedRows = "The rows stay locked until the migration has changed all of them. Change them after " +
		"the migration, by a program that commits after a few hundred rows."
	whyNotInTransaction = "Every migration is a transaction. Have the operator run the statement before " +
		"the migration, and write one here that does nothing where it was run, such as CREATE INDEX IF NOT " +
		"EXISTS."

	whyMisplaced = "The contract mark is the first line of the file, and the blocks mark is in the comment " +
		"at its top."
	whyNoReason = "Say in a few words why the step is safe: which release stopped using what it removes, " +
		"or how long it blocks and why that is acceptable."
	whyUnused = "The migration does nothing that needs it. Delete the mark."
)

// The marks that excuse a violation. See docs/recipes/migration.md.
const (
	contractMark = "-- contract:"
	blocksMark   = "-- blocks:"
)

// judge returns the violations that the marks at the top of the migration do not excuse, and those
// of the marks.
func judge(text string, found []violation) (refused []violation) {
	add := func(rule, object, why string) {
		refused = append(refused, violation{Rule: rule, Object: object, Why: why})
	}
	reasons := map[string]string{}
	top := true
	for number, line := range strings.Split(text, "\n") {
		top = top && strings.HasPrefix(line, "--")
		for _, mark := range []string{contractMark, blocksMark} {
			reason, marked := strings.CutPrefix(line, mark)
			switch {
			case !marked:
			case !top || mark == contractMark && number > 0:
				add("misplaced mark", fmt.Sprintf("`%s` in line %d", mark, number+1), whyMisplaced)
			case len(strings.Fields(reason)) < 3:
				add("mark without a reason", "`"+mark+"`", whyNoReason)
			default:
				reasons[mark] = reason
			}
		}
	}
	used := map[string]bool{}
	for _, v := range found {
		used[v.Mark] = true
		if reasons[v.Mark] == "" {
			refused = append(refused, v)
		}
	}
	for _, mark := range []string{contractMark, blocksMark} {
		if reasons[mark] != "" && !used[mark] {
			add("mark without use", "`"+mark+"`", whyUnused)
		}
	}
	return refused
}
