package function

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The events that aws-lambda-go has for its own tests, from its folder in the module cache.
func TestEventsOfAWS(t *testing.T) {
	t.Parallel()
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(folder)), "events/testdata/*-request*.json"))
	if err != nil {
		t.Fatal(err)
	}
	served := 0
	for _, file := range files {
		name := filepath.Base(file)
		if !regexp.MustCompile(`^(apigw-(v2-)?request|apigw-restapi|alb-|lambda-urls-)`).MatchString(name) {
			continue
		}
		event, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		response := invoke(t, newTestInvoker(t, time.Minute, http.NotFound), string(event))
		if response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %+v", name, response)
		}
		served++
	}
	if served < 8 {
		t.Errorf("%d events of %q", served, files)
	}
}
