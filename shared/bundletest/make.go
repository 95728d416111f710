package bundletest

import (
	"context"
	"fmt"
)

// Post writes a post and answers its path.
func (b *Bundle) Post(c *Caller, content string) string {
	b.t.Helper()
	post, err := b.Store.CreatePost(context.Background(), c.UID, content)
	if err != nil {
		b.t.Fatal(err)
	}
	return fmt.Sprintf("/post/%d", post.ID)
}
