package core

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"minifb/scripts/conformance/check"
)

func (k *kit) notifications() {
	const rule = "A comment on my post notifies me by type 1, a reaction by type 2, with its user and the post."
	k.add("notification/both types", rule, "create_post add_comment react_to_post list_notifications",
		func(t *check.T) {
			u, eve := t.NewUser(), t.Borrow()
			post := k.newPost(t, u, "x")
			k.newComment(t, u, post, "my own notifies nobody")
			k.newComment(t, eve, post, "y")
			k.do(t, "react_to_post", eve, values{"id": post, "reaction_type": 1})
			r := k.do(t, "list_notifications", u, nil)
			var types []string
			for _, item := range k.items(r) {
				types = append(types, fmt.Sprint(k.at(r, item, "notification_type")))
				check.Equal(t, "the user", k.at(r, item, "notification_actor_id"), any(eve.ID))
				check.Equal(t, "the post", fmt.Sprint(k.at(r, item, "notification_post_id")), post)
				check.Equal(t, "read", k.at(r, item, "read"), any(false))
			}
			slices.Sort(types)
			check.Equal(t, "the types", strings.Join(types, ", "), "1, 2")
			check.Equal(t, "notifications of others", len(k.items(k.do(t, "list_notifications", t.NewUser(), nil))), 0)
			k.send(t, "list_notifications", nil, nil).Want(http.StatusUnauthorized)
		})
	k.add("notification/read", "A notification can be read by its user.",
		"create_post add_comment list_notifications read_notification", func(t *check.T) {
			u, eve := t.NewUser(), t.Borrow()
			k.newComment(t, eve, k.newPost(t, u, "x"), "y")
			r := k.do(t, "list_notifications", u, nil)
			check.Equal(t, "notifications", len(k.items(r)), 1)
			id := k.at(r, k.items(r)[0], "id")
			refused(k.send(t, "read_notification", eve, values{"id": id, "read": true}))
			k.do(t, "read_notification", u, values{"id": id, "read": true})
			r = k.do(t, "list_notifications", u, nil)
			for _, item := range k.items(r) { // or it is no longer listed
				check.Equal(t, "read", k.at(r, item, "read"), any(true))
			}
		})
}

// pages check the pagination of posts and comments.
func (k *kit) pages() {
	k.add("page/comments", "The list of a post's comments has pages.", "create_post add_comment list_comments",
		func(t *check.T) {
			u := t.Borrow()
			post := k.newPost(t, u, "x")
			var want []string
			for range 5 {
				want = append(want, k.newComment(t, u, post, "y"))
			}
			k.follow(t, k.request("list_comments", u, values{"id": post}), want, 3)
		})
	k.add("page/posts", "The list of posts has pages.", "create_post list_posts", func(t *check.T) {
		u := t.Borrow()
		for range 5 {
			k.newPost(t, u, "x")
		}
		list := k.request("list_posts", u, nil)
		first := succeeds(t.Send(k.page(list, 2, 0)))
		check.Equal(t, "posts of a page", len(k.items(first)), 2)
		second := k.following(t, first, list, 1)
		check.Equal(t, "posts of a page", len(k.items(second)), 2)
		// Others post meanwhile, so that pages by number may show a post again.
		if k.Lists.Next != "" && slices.ContainsFunc(k.ids(second), func(id string) bool {
			return slices.Contains(k.ids(first), id)
		}) {
			second.Failf("other posts than on the first page", "%v", k.ids(second))
		}
	})
}

// follow reads the pages of a list by two, and checks that they hold these items in any order.
func (k *kit) follow(t *check.T, r check.Request, want []string, pages int) {
	page := succeeds(t.Send(k.page(r, 2, 0)))
	got := k.ids(page)
	for i := 1; i < pages; i++ {
		page = k.following(t, page, r, i)
		got = append(got, k.ids(page)...)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		page.Failf("the items "+strings.Join(want, ", ")+" on "+itoa(pages)+" pages", "%v", got)
	}
}

// following returns the page of a list after another. r is the request for the list.
func (k *kit) following(t *check.T, page *check.Response, r check.Request, number int) *check.Response {
	if k.Lists.Next == "" {
		return succeeds(t.Send(k.page(r, 2, number)))
	}
	r.Do = "GET " + page.Text(k.Lists.Next)
	return succeeds(t.Send(r))
}

// statistics check what only an administrator sees.
func (k *kit) statistics() {
	for route, members := range map[string][]string{
		"server_statistics":  {"rps", "requests_of_24_hours", "by_status", "by_endpoint"},
		"service_statistics": {"posts", "users", "posts_today"},
	} {
		k.add("statistics/"+route, "An administrator sees "+strings.Join(members, ", ")+".", route, func(t *check.T) {
			r := k.do(t, route, t.Admin(), nil)
			for _, name := range members {
				value := r.Get(k.Members[name])
				if strings.HasPrefix(name, "by_") {
					continue
				}
				if problem := check.Number(0)(value); problem != "" {
					r.Failf(name+": a number", "%s", problem)
				}
			}
			refused(k.send(t, route, t.Borrow(), nil))
			refused(k.send(t, route, nil, nil))
		})
		k.all[len(k.all)-1].Admin = true
	}
}
