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
	a.WarmUp(store.WarmNotifications)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/notification", Access: api.SignedIn,
		Summary: "List what others did to one's posts, newest first",
	}, v.list)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/notification/unread-count", Access: api.SignedIn,
		Summary: "Count the unread notifications",
	}, v.countUnread)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/notification/{id}", Access: api.SignedIn,
		Summary: "Mark a notification as read or unread",
		Errors:  []int{404},
	}, v.mark)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/notification/read", Access: api.SignedIn,
		Summary: "Mark all notifications as read, or all up to one",
	}, v.markAll)
}
