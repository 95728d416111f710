package api

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"minifb/shared/apperror"
)

// assetTypes are the media types of the files that a page may load.
var assetTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// Assets are the files that a page loads: scripts, style sheets and images. A path to one has the
// version as a folder before the file's name, so that browsers may keep the files forever, and
// scripts can import each other by relative paths.
type Assets struct {
	// Version is the same for the same files, and another one for others.
	Version string
	// folders are those of the files, by name. A file is read for each response: in memory a library would
	// take as much as all the rest of an idle function.
	folders map[string]fs.FS
}

// NewAssets returns the .css, .js and .svg files of folders that are embedded in the function. It panics
// if there is no such folder.
func NewAssets(folders ...fs.FS) *Assets {
	a := &Assets{folders: map[string]fs.FS{}}
	for _, folder := range folders {
		entries, err := fs.ReadDir(folder, ".")
		if err != nil {
			panic("api: " + err.Error())
		}
		for _, entry := range entries {
			if assetTypes[path.Ext(entry.Name())] != "" {
				a.folders[entry.Name()] = folder
			}
		}
	}
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(a.folders)) {
		sum.Write(append([]byte(name), hash(a.folders[name], name)...))
	}
	a.Version = hex.EncodeToString(sum.Sum(nil)[:8])
	return a
}

// hash returns the SHA-256 of a file that is embedded.
func hash(folder fs.FS, name string) []byte {
	file, err := folder.Open(name)
	if err != nil {
		panic("api: " + err.Error())
	}
	defer func() { _ = file.Close() }() // has nothing to write
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		panic("api: " + err.Error())
	}
	return sum.Sum(nil)
}

// An AssetOutput is the output of a view that returns a file of Assets. Errors are JSON all the
// same.
type AssetOutput struct {
	ContentType  string `header:"Content-Type" hidden:"true"`
	CacheControl string `header:"Cache-Control" hidden:"true"`
	Body         []byte
}

func (*AssetOutput) responses() map[string]*huma.Response {
	return documentResponse("text/css", "text/javascript", "image/svg+xml")
}

// Get returns the output for a file, or a NotFound error. While releases change, a page of one may
// ask another for its files, so any version is accepted; but only the right one may be kept.
func (a *Assets) Get(version, name string) (*AssetOutput, error) {
	folder, ok := a.folders[name]
	if !ok {
		return nil, apperror.New(apperror.NotFound, "The page has no such file; load the page again.")
	}
	content, err := fs.ReadFile(folder, name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	caching := "no-cache"
	if version == a.Version {
		caching = "public, max-age=31536000, immutable"
	}
	return &AssetOutput{assetTypes[path.Ext(name)], caching, content}, nil
}
