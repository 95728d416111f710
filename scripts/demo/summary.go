package main

// printSummary prints what the bundle has now, and requests to try.
func (d *demo) printSummary() {
	posts, hottest := 0, -1
	for i, p := range d.plan.posts {
		if d.ids[i] == 0 {
			continue
		}
		posts++
		if hottest < 0 || p.heat() > d.plan.posts[hottest].heat() {
			hottest = i
		}
	}
	d.progress.printf(`
%d users (%d new), %d posts (%d new), %d comments (%d new), %d reactions, %d edits, %d notifications newly read`,
		d.signedIn(), d.newUsers.Load(), posts, d.newPosts.Load(), d.comments.Load(), d.newComments.Load(),
		d.reactions.Load(), d.edits.Load(), d.read.Load())
	if hottest < 0 {
		return
	}
	owner := users[d.plan.posts[hottest].owner]
	d.progress.printf(`
The password of every user is '%s'. For example, as %s (%s), who wrote the post with the most
comments and reactions:

  TOKEN=$(curl -s %s/auth -H 'Content-Type: application/json' \
    -d '{"id":"%s","password":"%s"}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -s %s/timeline -H "Authorization: Bearer $TOKEN"
  curl -s '%s/notification?unread=true' -H "Authorization: Bearer $TOKEN"
  curl -s %s/post/%d
  curl -s '%s/post/%d/comment?size=5'
  curl -s '%s/post?size=5'
`, password, owner.name, owner.id, d.shown, owner.id, password, d.shown, d.shown, d.shown, d.ids[hottest], d.shown,
		d.ids[hottest], d.shown)
}

// heat returns how many comments and reactions a post gets.
func (p *post) heat() int { return len(p.comments) + len(p.reactions) }
