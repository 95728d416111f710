package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"minifb/shared/store"
)

// The reactions of viewers to a known page of the feed are looked up by their keys, also those to a hot post.
func TestReactionsToAKnownPageAreLookedUp(t *testing.T) {
	t.Parallel()
	for name, each := range map[string]int{"two": 2, "a dozen": 12} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := planning(t, new(statements), fill(each))
			// Other tests change the snapshot.
			text := strings.Replace(store.SnapshotAndReactions, "= $3", "= $3 OR true", 1)
			prepare := "PREPARE known (bigint[], bigint[], text) AS " + text
			const another = "PREPARE not_known (bigint[], bigint[], text) AS " + store.SnapshotAndReactions
			for _, statement := range []string{prepare, another} {
				if _, err := s.DB().Exec(statement); err != nil {
					t.Fatal(err)
				}
			}
			viewers, posts := []int64{most, some, none}, []int64{hot, empty, empty - 1, empty - 2}
			for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
				plan := explain(t, s, pgx.TraceQueryStartData{SQL: prepare, Args: []any{viewers, posts, "1:1:"}}, mode)
				lookups := plan.of("post_reactions")
				keys := []string{"post_reactions_pkey", "post_reactions_user"}
				if len(lookups) != 1 || !slices.Contains(keys, lookups[0].Index) || lookups[0].Removed > 0 ||
					lookups[0].Rows > 1 || plan.Hit+plan.Read > 5*len(viewers)*len(posts) {
					t.Errorf("%s: %d blocks are read by %s", mode, plan.Hit+plan.Read, plan)
				}
				plan = explain(t, s, pgx.TraceQueryStartData{SQL: another, Args: []any{viewers, posts, "1:1:"}}, mode)
				if plan.Rows != 1 || plan.Hit+plan.Read > 0 {
					t.Errorf("%s, another snapshot: %d blocks are read by %s", mode, plan.Hit+plan.Read, plan)
				}
			}
		})
	}
}

// of returns the nodes that read a table.
func (n node) of(relation string) (nodes []node) {
	if n.Relation == relation {
		nodes = append(nodes, n)
	}
	for _, below := range n.Plans {
		nodes = append(nodes, below.of(relation)...)
	}
	return nodes
}
