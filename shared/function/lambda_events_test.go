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

// eventsOfAWS returns the events that aws-lambda-go has for its own tests, by the names of their files. They are in
// its folder in the module cache.
func eventsOfAWS(t testing.TB) map[string][]byte {
	t.Helper()
	folder, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-lambda-go").Output()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(strings.TrimSpace(string(folder)), "events/testdata/*-request*.json"))
	if err != nil {
		t.Fatal(err)
	}
	events := map[string][]byte{}
	for _, file := range files {
		name := filepath.Base(file)
		if !regexp.MustCompile(`^(apigw-(v2-)?request|apigw-restapi|alb-|lambda-urls-)`).MatchString(name) {
			continue
		}
		if events[name], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	if len(events) < 8 {
		t.Fatalf("%d events of %q", len(events), files)
	}
	return events
}

func TestEventsOfAWS(t *testing.T) {
	t.Parallel()
	for name, event := range eventsOfAWS(t) {
		response := invoke(t, newTestInvoker(t, time.Minute, http.NotFound), string(event))
		if response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %+v", name, response)
		}
	}
}
