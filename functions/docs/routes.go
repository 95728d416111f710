package main

import (
	"net/http"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/page"
)

func routes(a *api.API, _ function.Deps) {
	pages := page.New(files)
	v := views{pages.HTML("front.html"), pages.HTML("docs.html")}
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/", ID: "getFrontPage", Access: api.Public,
		Summary:     "Get the front page, which says what this is and where to go",
		Description: "A page with links to what else there is.",
	}, v.front)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/docs", ID: "getDocs", Access: api.Public,
		Summary:     "Get the page on which to try each call",
		Description: "A reader signs in there, and sends each call.",
	}, v.docs)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/docs/page/{version}/{name}", ID: "getDocsFile", Access: api.Public,
		Summary:     "Get a script, a style sheet or an image of the two pages",
		Description: "The pages name their files; browsers keep them for a year.",
		Errors:      []int{404},
	}, pages.Asset)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/openapi.json", ID: "getOpenAPI", Access: api.Public,
		Summary:     "Get the OpenAPI document of all routes",
		Description: "This document.",
	}, v.openAPI)
}
