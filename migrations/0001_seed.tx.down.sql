DROP TABLE ended_sessions, refresh_tokens, sessions, notifications, comment_reactions, post_reactions, comments, posts, users;
DROP FUNCTION remember_ended_sessions();
