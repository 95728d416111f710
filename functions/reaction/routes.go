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
		Method: http.MethodPut, Path: "/post/{id}/reaction", Summary: "React to a post, or change one's reaction", Security: api.SignedIn,
		Responses: replaced(), DefaultStatus: http.StatusCreated, Errors: []int{400, 401, 404, 413, 415},
	}, v.putToPost)
	api.Register(a, huma.Operation{
		Method: http.MethodDelete, Path: "/post/{id}/reaction", Summary: "Cancel one's reaction to a post", Security: api.SignedIn,
		DefaultStatus: http.StatusNoContent, Errors: []int{401, 404},
	}, v.cancelOfPost)
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/post/{id}/reaction", Summary: "List the reactions to a post, newest first", Security: api.Optional,
		Errors: []int{400, 401, 404},
	}, v.listOfPost)
	api.Register(a, huma.Operation{
		Method: http.MethodPut, Path: "/comment/{id}/reaction", Summary: "React to a comment, or change one's reaction", Security: api.SignedIn,
		Responses: replaced(), DefaultStatus: http.StatusCreated, Errors: []int{400, 401, 404, 413, 415},
	}, v.putToComment)
	api.Register(a, huma.Operation{
		Method: http.MethodDelete, Path: "/comment/{id}/reaction", Summary: "Cancel one's reaction to a comment", Security: api.SignedIn,
		DefaultStatus: http.StatusNoContent, Errors: []int{401, 404},
	}, v.cancelOfComment)
	api.Register(a, huma.Operation{
		Method: http.MethodGet, Path: "/comment/{id}/reaction", Summary: "List the reactions to a comment, newest first", Security: api.Optional,
		Errors: []int{400, 401, 404},
	}, v.listOfComment)
}
