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
		Method: http.MethodGet, Path: "/backoffice/temporary-password", Access: api.Administrator,
		Summary: "List the requests for a temporary password that could not be mailed, newest first",
	}, v.listRequests)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/backoffice/user/{id}/temporary-password", Access: api.Administrator,
		Summary: "Issue a temporary password, and show it this once",
		Status:  http.StatusCreated, Errors: []int{404},
	}, v.issueTemporaryPassword)
}
