package store

import "context"

// PutPostReactionAlone is PutPostReaction as it would be without the merger: a statement of its own.
func (s *Store) PutPostReactionAlone(ctx context.Context, viewer, post int64, kind int) error {
	_, err := s.react(ctx, reactToPost, post, []int64{viewer}, []int16{int16(kind)})
	return err
}

// ReactToPost and ReactToComment are the two statements, to be explained.
const (
	ReactToPost    = reactToPost
	ReactToComment = reactToComment
)
