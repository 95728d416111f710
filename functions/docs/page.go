package main

import (
	"context"
	"embed"

	"minifb/shared/api"
)

// The pages. Their scripts are what is in the folder; no build step comes between.
//
//go:embed page/*.css page/*.html page/*.js
var files embed.FS

// The OpenAPI document, which make openapi writes.
//
//go:embed openapi.json
var openAPI []byte

type views struct{ frontPage, docsPage []byte }

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

func (v views) openAPI(context.Context, *struct{}) (*api.JSONOutput, error) {
	return api.JSON(openAPI), nil
}
