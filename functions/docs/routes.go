package main

import (
	"net/http"

	"minifb/shared/api"
	"minifb/shared/function"
)

func routes(a *api.API, _ function.Deps) {
	v := newViews()
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/", Access: api.Public,
		Summary: "Get the front page, which says what this is and where to go",
	}, v.front)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/docs", Access: api.Public,
		Summary: "Get the page on which to try each call",
	}, v.docs)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/docs/page/{version}/{name}", Access: api.Public,
		Summary: "Get a script, a style sheet or an image of the two pages",
		Errors:  []int{404},
	}, v.asset)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/openapi.json", Access: api.Public,
		Summary: "Get the OpenAPI document of all routes",
	}, v.openAPI)
}
