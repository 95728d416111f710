package main

import (
	"net/http"
	"time"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/store"
)

type views struct {
	store     *store.Store
	zone      *time.Location // where a day begins
	now       func() time.Time
	dashboard dashboard
}

func routes(a *api.API, d function.Deps) {
	register(a, views{d.Store, d.Zone, time.Now, newDashboard()})
}

func register(a *api.API, v views) {
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/backoffice", Access: api.Public,
		Summary: "Get the dashboard, whose data comes from the other routes",
	}, v.page)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/backoffice/page/{version}/{name}", Access: api.Public,
		Summary: "Get a script, a style sheet or an image of the dashboard",
		Errors:  []int{404},
	}, v.asset)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/backoffice/temporary-password", Access: api.Administrator,
		Summary: "List the requests for a temporary password that could not be mailed, newest first",
	}, v.listRequests)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/backoffice/user/{id}/temporary-password", Access: api.Administrator,
		Summary: "Issue a temporary password, and show it this once",
		Status:  http.StatusCreated, Errors: []int{404},
	}, v.issueTemporaryPassword)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/backoffice/stat/server", Access: api.Administrator,
		Summary: "Read how many requests there were in the last 24 hours",
	}, v.serverStat)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/backoffice/stat/service", Access: api.Administrator,
		Summary: "Read how many posts and users there are",
	}, v.serviceStat)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/backoffice/stat/series", Access: api.Administrator,
		Summary: "Read the requests of the last minutes, step by step, with errors and times",
	}, v.series)
}
