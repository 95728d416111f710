package main

import (
	"net/http"
	"time"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/page"
	"minifb/shared/store"
)

type views struct {
	store     *store.Store
	zone      *time.Location // where a day begins
	now       func() time.Time
	dashboard []byte
	pages     *page.Pages
}

func newViews(d function.Deps) views {
	pages := page.New(files)
	return views{d.Store, d.Zone, time.Now, pages.HTML("index.html"), pages}
}

func routes(a *api.API, d function.Deps) { register(a, newViews(d)) }

func register(a *api.API, v views) {
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/backoffice", ID: "getDashboard", Access: api.Public,
		Summary:     "Get the dashboard, whose data comes from the other routes",
		Description: "The page signs an administrator in by itself, and needs no token.",
	}, v.page)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/backoffice/page/{version}/{name}", ID: "getDashboardFile", Access: api.Public,
		Summary:     "Get a script, a style sheet or an image of the dashboard",
		Description: "The page names its files; browsers keep them for a year.",
		Errors:      []int{404},
	}, v.pages.Asset)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/backoffice/temporary-password", ID: "listTemporaryPasswordRequests",
		Access:      api.Administrator,
		Summary:     "List the requests for a temporary password that could not be mailed, newest first",
		Description: "They wait because their account has no mail address, or the mail was refused for good.",
	}, v.listRequests)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/backoffice/user/{id}/temporary-password", ID: "issueTemporaryPassword",
		Access:  api.Administrator,
		Summary: "Issue a temporary password, and show it this once",
		Description: "It is valid for one sign-in within 30 minutes. One that was issued before stops working. " +
			"The real password stays valid.",
		Status: http.StatusCreated, Errors: []int{404},
	}, v.issueTemporaryPassword)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/backoffice/stat/server", ID: "getServerStatistics", Access: api.Administrator,
		Summary: "Read how many requests there were in the last 24 hours",
		Description: "The requests to all functions, and those that nginx or the gateway refused, by status and " +
			"by endpoint. Requests without a route have the path other.",
	}, v.serverStat)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/backoffice/stat/service", ID: "getServiceStatistics",
		Access:      api.Administrator,
		Summary:     "Read how many posts and users there are",
		Description: "Today begins at midnight in the time zone that the response names.",
	}, v.serviceStat)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/backoffice/stat/series", ID: "getSeries", Access: api.Administrator,
		Summary: "Read the requests of the last minutes, step by step, with errors and times",
		Description: "Oldest first, with a point for each step; the errors are the 5xx. A step without requests " +
			"has zeros, and null for its times.",
	}, v.series)
}
