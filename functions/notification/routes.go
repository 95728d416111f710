package main

import (
	"net/http"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/store"
)

type views struct{ store *store.Store }

func routes(a *api.API, d function.Deps) {
	v := views{d.Store}
	a.WarmUp(store.WarmNotifications, store.WarmUnreadCount)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/notification", ID: "listNotifications", Access: api.SignedIn,
		Summary: "List what others did to one's posts, newest first",
		Description: "Type 1: somebody commented on a post of the viewer. Type 2: somebody reacted to one. " +
			"Nobody is notified of what they do themselves.",
	}, v.list)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/notification/unread-count", ID: "countUnreadNotifications",
		Access:      api.SignedIn,
		Summary:     "Count the unread notifications",
		Description: "How many notifications of the viewer are unread.",
	}, v.countUnread)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/notification/{id}", ID: "markNotification", Access: api.SignedIn,
		Summary:     "Mark a notification as read or unread",
		Description: "Another user's notification is 404, too.",
		Errors:      []int{404},
	}, v.mark)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/notification/read", ID: "markNotificationsRead", Access: api.SignedIn,
		Summary: "Mark all notifications as read, or all up to one",
		Description: "Without a body, all notifications of the viewer. With up_to, those up to and with this id. " +
			"It returns how many were unread.",
	}, v.markAll)
}
