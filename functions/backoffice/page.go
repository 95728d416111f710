package main

import (
	"bytes"
	"context"
	"embed"

	"minifb/shared/api"
)

// The dashboard. Its scripts are what is in the folder; no build step comes between.
//
//go:embed page/*.css page/*.html page/*.js page/*.svg
var files embed.FS

// A dashboard is the page and the files that it loads.
type dashboard struct {
	html   []byte
	assets *api.Assets
}

func newDashboard() dashboard {
	assets := api.NewAssets(files, "page")
	html, _ := files.ReadFile("page/index.html") // embedded
	return dashboard{bytes.ReplaceAll(html, []byte("{version}"), []byte(assets.Version)), assets}
}

func (v views) page(context.Context, *struct{}) (*api.HTMLOutput, error) {
	return api.HTML(v.dashboard.html), nil
}

type assetInput struct {
	Version string `path:"version" doc:"The version that the page names" example:"current"`
	Name    string `path:"name" doc:"The file's name" example:"app.js"`
}

func (v views) asset(_ context.Context, in *assetInput) (*api.AssetOutput, error) {
	return v.dashboard.assets.Get(in.Version, in.Name)
}
