package main

import (
	"net/http"

	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/limit"
	"minifb/shared/password"
	"minifb/shared/store"
)

type views struct {
	store     *store.Store
	passwords *password.Hasher
	limits    *limit.Limiter
}

func routes(a *api.API, d function.Deps) {
	v := views{d.Store, d.Passwords, d.Limits}
	a.WarmUp(store.WarmUser)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/check/id/{id}", ID: "checkID", Access: api.Public,
		Summary: "Check that an ID is free",
		Description: "An ID is free if no account has it, in any case of its letters. A deleted account's ID is " +
			"free again.",
		Errors: []int{409, 429},
	}, v.checkID)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/signup", ID: "signUp", Access: api.Public,
		Summary: "Create an account",
		Description: "It signs nobody in: send POST /auth next. The ID is found in any case of its letters, and " +
			"shown as it was signed up.",
		Status: http.StatusCreated, Errors: []int{409, 429},
	}, v.signUp)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/user", ID: "getMe", Access: api.SignedIn,
		Summary:     "Get one's own account",
		Description: "The viewer's own account, with what only its user sees: the mail address and the role.",
	}, v.getMe)
	api.Register(a, api.Route{
		Method: http.MethodGet, Path: "/user/{id}", ID: "getUser", Access: api.Optional,
		Summary:     "Get the public part of an account",
		Description: "The ID is found in any case of its letters.",
		Errors:      []int{404},
	}, v.getUser)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/user/password", ID: "changePassword", Access: api.PasswordChange,
		Summary: "Change one's password, and revoke every other session",
		Description: "Every other session is revoked, and so is a temporary password; this session goes on. A " +
			"session that a temporary password opened takes the temporary password or the real one as password, " +
			"and may do everything afterwards. After ten wrong passwords in ten minutes a session gets 429, also " +
			"for the right one.",
		Status: http.StatusNoContent, Errors: []int{403, 429},
	}, v.changePassword)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/user/nickname", ID: "setNickname", Access: api.SignedIn,
		Summary:     "Set or remove one's nickname",
		Description: "Null removes the nickname.",
	}, v.setNickname)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/user/intro", ID: "setIntro", Access: api.SignedIn,
		Summary:     "Set or remove one's introduction",
		Description: "Null removes the introduction.",
	}, v.setIntro)
	api.Register(a, api.Route{
		Method: http.MethodPatch, Path: "/user/email", ID: "setEmail", Access: api.SignedIn,
		Summary: "Set or remove one's mail address",
		Description: "Null removes the address. Temporary passwords are mailed to it. After ten wrong passwords " +
			"in ten minutes a session gets 429, also for the right one.",
		Errors: []int{403, 429},
	}, v.setEmail)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/user/deletion", ID: "deleteAccount", Access: api.SignedIn,
		Summary: "Delete one's account and everything that it owns",
		Description: "The account, its posts, comments and reactions are hidden at once, and its personal data " +
			"is erased. The counters of others follow within minutes. After ten wrong passwords in ten minutes a " +
			"session gets 429, also for the right one.",
		Status: http.StatusNoContent, Errors: []int{403, 429},
	}, v.deleteAccount)
	api.Register(a, api.Route{
		Method: http.MethodPost, Path: "/temporary-password", ID: "requestTemporaryPassword", Access: api.Public,
		Summary: "Request a temporary password by mail, for an account whose password is forgotten",
		Description: "The response is the same whether the account exists or not. If the account has a mail " +
			"address, a temporary password is mailed to it: it is valid for one sign-in within 30 minutes. " +
			"Otherwise the request waits for an administrator. The real password stays valid.",
		Status: http.StatusAccepted, Errors: []int{429},
	}, v.requestTemporaryPassword)
}
