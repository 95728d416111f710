package main

import (
	"minifb/shared/api"
	"minifb/shared/function"
	"minifb/shared/mail"
	"minifb/shared/store"
)

type views struct {
	store    *store.Store
	mail     mail.Settings
	refused  string // the log of refused requests
	stopping <-chan struct{}
}

func routes(a *api.API, d function.Deps) {
	v := views{d.Store, d.Mail, d.Refused, d.Stopping}
	a.Schedule("maintenance", v.maintain)
}
