package main

import (
	"bytes"
	"context"
	"embed"

	"minifb/shared/api"
)

// The pages. Their scripts are what is in the folder; no build step comes between.
//
//go:embed page/*.css page/*.html page/*.js page/*.svg
var files embed.FS

// The OpenAPI document, which make openapi writes.
//
//go:embed openapi.json
var openAPI []byte

type views struct {
	frontPage, docsPage []byte
	assets              *api.Assets
}

func newViews() views {
	assets := api.NewAssets(files, "page")
	page := func(name string) []byte {
		html, _ := files.ReadFile("page/" + name) // embedded
		return bytes.ReplaceAll(html, []byte("{version}"), []byte(assets.Version))
	}
	return views{page("front.html"), page("docs.html"), assets}
}

func (v views) front(context.Context, *struct{}) (*api.HTMLOutput, error) {
	return api.HTML(v.frontPage), nil
}

// docsPolicy is the Content-Security-Policy of the page with the library. It differs from that of
// other pages in two ways. The library makes HTML of the descriptions in the OpenAPI document, after
// it has removed what could run, so the page cannot require trusted types. And the images in its
// style sheet are data: URLs.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func (v views) docs(context.Context, *struct{}) (*api.HTMLOutput, error) {
	page := api.HTML(v.docsPage)
	page.Policy = docsPolicy
	return page, nil
}

type assetInput struct {
	Version string `path:"version" doc:"The version that the page names" example:"current"`
	Name    string `path:"name" doc:"The file's name" example:"docs.js"`
}

func (v views) asset(_ context.Context, in *assetInput) (*api.AssetOutput, error) {
	return v.assets.Get(in.Version, in.Name)
}

func (v views) openAPI(context.Context, *struct{}) (*api.JSONOutput, error) {
	return api.JSON(openAPI), nil
}
