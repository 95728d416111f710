package page_test

import (
	"testing"
	"testing/fstest"

	"minifb/shared/page"
)

func pages() *page.Pages {
	return page.New(fstest.MapFS{
		"page/index.html": {Data: []byte(`<script src="{version}/app.js"></script>{version}`)},
		"page/app.js":     {Data: []byte("1")},
	})
}

func TestPages(t *testing.T) {
	t.Parallel()
	p := pages()
	version := string(p.HTML("index.html")[len(`<script src="`):][:16])
	if got := string(p.HTML("index.html")); got != `<script src="`+version+`/app.js"></script>`+version {
		t.Errorf("the page is %s", got)
	}
	for _, name := range []string{"app.js", "session.js", "base.css", "icon.svg"} {
		out, err := p.Asset(t.Context(), &page.AssetInput{Version: version, Name: name})
		if err != nil || len(out.Body) == 0 || out.CacheControl != "public, max-age=31536000, immutable" {
			t.Errorf("%s is %+v, %v", name, out, err)
		}
	}
	if _, err := p.Asset(t.Context(), &page.AssetInput{Version: version, Name: "index.html"}); err == nil {
		t.Error("the page is a file of itself")
	}
}

// What is not embedded is found when the function starts, and not at a request.
func TestMissingFiles(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(){
		"no folder": func() { page.New(fstest.MapFS{}) },
		"no page":   func() { pages().HTML("other.html") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			read()
		}()
	}
}
