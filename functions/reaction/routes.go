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
	a.WarmUp(store.WarmReactions)
	api.Register(a, api.Route{
		Method: http.MethodPut, Path: "/post/{id}/reaction", ID: "reactToPost", Access: api.SignedIn,
		Summary: "React to a post, or change one's reaction",
		Description: "A user has one reaction to a post. Another type sets its modified; the same one changes " +
			"nothing. The first reaction notifies the author of the post; another type changes that notification " +
			"and leaves its read.",
		Status: http.StatusCreated, OtherStatuses: changed, Errors: []int{404},
	}, v.putToPost)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/post/{id}/reaction", ID: "cancelReactionToPost", Access: api.SignedIn,
		Summary: "Cancel one's reaction to a post",
		Description: "It is 404 if there is no such post, or no reaction of the viewer to it. The notification " +
			"of it goes, too.",
		Status: http.StatusNoContent, Errors: []int{404},
	}, v.cancelOfPost)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/post/{id}/reaction", ID: "listReactionsToPost", Access: api.Optional,
		Summary:     "List the reactions to a post, newest first",
		Description: "Who reacted to one post, and how.",
		Errors:      []int{404},
	}, v.listOfPost)
	api.Register(a, api.Route{
		Method: http.MethodPut, Path: "/comment/{id}/reaction", ID: "reactToComment", Access: api.SignedIn,
		Summary: "React to a comment, or change one's reaction",
		Description: "A user has one reaction to a comment. Another type sets its modified; the same one changes " +
			"nothing. Nobody is notified.",
		Status: http.StatusCreated, OtherStatuses: changed, Errors: []int{404},
	}, v.putToComment)
	api.Register(a, api.Route{
		Method: http.MethodDelete, Path: "/comment/{id}/reaction", ID: "cancelReactionToComment",
		Access:      api.SignedIn,
		Summary:     "Cancel one's reaction to a comment",
		Description: "It is 404 if there is no such comment, or no reaction of the viewer to it.",
		Status:      http.StatusNoContent, Errors: []int{404},
	}, v.cancelOfComment)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/comment/{id}/reaction", ID: "listReactionsToComment", Access: api.Optional,
		Summary:     "List the reactions to a comment, newest first",
		Description: "Who reacted to one comment, and how.",
		Errors:      []int{404},
	}, v.listOfComment)
}
