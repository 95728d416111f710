package api_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"minifb/shared/api"
	"minifb/shared/apperror"
)

func assets(files map[string]string) *api.Assets {
	folder := fstest.MapFS{}
	for name, content := range files {
		folder[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return api.NewAssets(folder)
}

func TestAssetsHaveAVersion(t *testing.T) {
	t.Parallel()
	first := assets(map[string]string{"a.js": "1", "b.css": "2"})
	versions := map[string]bool{first.Version: true}
	for _, other := range []map[string]string{
		{"a.js": "1", "b.css": "3"}, {"a.js": "1", "c.css": "2"}, {"a.js": "2", "b.css": "1"}, {"a.js": "1"},
	} {
		versions[assets(other).Version] = true
	}
	if len(versions) != 5 {
		t.Errorf("five sets of files have the versions %v", versions)
	}
	if again := assets(map[string]string{"b.css": "2", "a.js": "1", "notes.txt": "x"}); again.Version != first.Version {
		t.Errorf("the same files have the versions %s and %s", first.Version, again.Version)
	}
}

func TestAssetsGet(t *testing.T) {
	t.Parallel()
	a := assets(map[string]string{"a.js": "1", "notes.txt": "x"})
	out, err := a.Get(a.Version, "a.js")
	if err != nil || string(out.Body) != "1" || out.ContentType != "text/javascript; charset=utf-8" {
		t.Errorf("a.js is %+v, %v", out, err)
	}
	// A page of another release may get it, and must not keep it.
	other, err := a.Get("another", "a.js")
	if err != nil || !strings.Contains(out.CacheControl, "immutable") || other.CacheControl != "no-cache" {
		t.Errorf("Cache-Control is %q, and %q for another version, %v", out.CacheControl, other.CacheControl, err)
	}
	for _, name := range []string{"notes.txt", "b.js", "", ".", "..", "./a.js", "A.js"} {
		if _, err := a.Get(a.Version, name); err == nil {
			t.Errorf("%q is a file of the page", name)
		} else if e, ok := apperror.From(err); !ok || e.Code != apperror.NotFound {
			t.Errorf("%q: the error is %v", name, err)
		}
	}
}

func TestAssetsOfNoFolder(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	missing, err := fs.Sub(fstest.MapFS{}, "page")
	if err != nil {
		t.Fatal(err)
	}
	api.NewAssets(missing)
}
