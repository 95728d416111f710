package main

// show says what is there now, and where to look.
func (d *demo) show() {
	in, posts, hot := 0, 0, -1
	for _, token := range d.tokens {
		if token != "" {
			in++
		}
	}
	for i, p := range d.plan.posts {
		if d.ids[i] == 0 {
			continue
		}
		posts++
		if hot < 0 || p.heat() > d.plan.posts[hot].heat() {
			hot = i
		}
	}
	d.screen.say(`
%d people (%d new), %d posts (%d new), %d comments (%d new), %d reactions, %d edits, %d notifications newly read`,
		in, d.newPeople.Load(), posts, d.newPosts.Load(), d.comments.Load(), d.newComments.Load(),
		d.reactions.Load(), d.edits.Load(), d.read.Load())
	if hot < 0 {
		return
	}
	owner := people[d.plan.posts[hot].owner]
	d.screen.say(`
Everybody's password is '%s'. Try, as %s (%s), whose post is the hottest:

  TOKEN=$(curl -s %s/auth -H 'Content-Type: application/json' \
    -d '{"id":"%s","password":"%s"}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  curl -s %s/timeline -H "Authorization: Bearer $TOKEN"
  curl -s '%s/notification?unread=true' -H "Authorization: Bearer $TOKEN"
  curl -s %s/post/%d
  curl -s '%s/post/%d/comment?size=5'
  curl -s '%s/post?size=5'
`, password, owner.name, owner.id, d.base, owner.id, password, d.base, d.base, d.base, d.ids[hot], d.base, d.ids[hot], d.base)
}

// heat is how much was said about a post.
func (p *post) heat() int { return len(p.comments) + len(p.reactions) }
