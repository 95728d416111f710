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
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/notification", Summary: "List what others did to one's posts, newest first", Access: api.SignedIn,
	}, v.list)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/notification/unread-count", Summary: "Count the unread notifications", Access: api.SignedIn,
	}, v.unreadCount)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/notification/{id}", Summary: "Mark a notification read or unread", Access: api.SignedIn,
		Errors: []int{404},
	}, v.mark)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/notification/read", Summary: "Mark all notifications read, or all up to one", Access: api.SignedIn,
		Status: http.StatusOK,
	}, v.readAll)
}
