// Package page has what the pages of functions have in common: how they are served, and the files that
// each of them may load.
package page

import (
	"bytes"
	"context"
	"embed"
	"io/fs"

	"minifb/shared/api"
)

// session.js signs in and sends requests, base.css has the colours, and icon.svg is the icon.
//
//go:embed *.css *.js *.svg
var common embed.FS

// Pages are the pages of a function, with the files that they load.
type Pages struct {
	files  fs.FS
	assets *api.Assets
}

// New returns the pages in the folder page of files that are embedded in the function. It panics if
// there is no such folder. The pages can load the files of this package as if they were in the folder.
func New(files fs.FS) *Pages {
	own, _ := fs.Sub(files, "page") // the path is valid
	return &Pages{own, api.NewAssets(common, own)}
}

// HTML returns a page of the folder. Each {version} in it is replaced by that of the files. It panics
// if there is no such page.
func (p *Pages) HTML(name string) []byte {
	html, err := fs.ReadFile(p.files, name)
	if err != nil {
		panic("page: " + err.Error())
	}
	return bytes.ReplaceAll(html, []byte("{version}"), []byte(p.assets.Version))
}

// AssetInput is the input of Asset.
type AssetInput struct {
	Version string `path:"version" doc:"The version that the page names" example:"current"`
	Name    string `path:"name" doc:"The file's name" example:"session.js"`
}

// Asset is a view that returns a file that a page loads.
func (p *Pages) Asset(_ context.Context, in *AssetInput) (*api.AssetOutput, error) {
	return p.assets.Get(in.Version, in.Name)
}
