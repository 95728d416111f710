package main

import (
	"context"
	"embed"

	"minifb/shared/api"
)

// The dashboard. Its scripts are what is in the folder; no build step comes between.
//
//go:embed page/*.css page/*.html page/*.js
var files embed.FS

func (v views) page(context.Context, *struct{}) (*api.HTMLOutput, error) {
	return api.HTML(v.dashboard), nil
}
