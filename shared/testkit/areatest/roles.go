package areatest

import (
	"os"
	"path/filepath"
	"sync"
)

// role returns the database role of the area whose tests this process runs, and "" for the owner in
// the tests of a shared package. The working directory of a test is that of its package.
var role = sync.OnceValue(func() string {
	dir, err := os.Getwd()
	if err != nil || filepath.Base(filepath.Dir(dir)) != "functions" {
		return ""
	}
	return "minifb_" + filepath.Base(dir)
})
