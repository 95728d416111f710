package main

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/store"
)

type views struct{ store *store.Store }

func routes(a *api.API, d function.Deps) {
	v := views{d.Store}
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/notification", Summary: "List what others did to one's posts, newest first", Security: api.SignedIn,
		Errors: []int{400, 401},
	}, v.list)
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/notification/unread-count", Summary: "Count the unread notifications", Security: api.SignedIn,
		Errors: []int{401},
	}, v.unreadCount)
	api.Register(a, huma.Operation{
		Method: http.MethodPatch, Path: "/notification/{id}", Summary: "Mark a notification read or unread", Security: api.SignedIn,
		Errors: []int{400, 401, 404, 413, 415},
	}, v.mark)
	api.Register(a, huma.Operation{
		Method: http.MethodPost, Path: "/notification/read", Summary: "Mark all notifications read, or all up to one", Security: api.SignedIn,
		DefaultStatus: http.StatusOK, Errors: []int{400, 401, 413, 415},
	}, v.readAll)
}
