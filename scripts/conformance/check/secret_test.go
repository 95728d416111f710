package check_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"minifb/scripts/conformance/check"
	"minifb/scripts/conformance/contract"
)

// A report goes to a CI server, and is read by many: it has neither the administrator's password nor a token.
func TestReportsHaveNoSecretsOfTheAdministrator(t *testing.T) {
	t.Parallel()
	const secret, access, renewal = "secret-password", "secret-access-token", "secret-refresh-token"
	for name, members := range map[string][2]string{
		"as documented": {"access_token", "refresh_token"}, "by other names": {"token", "renewal"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			sent, _ := io.ReadAll(r.Body)
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			w.Header().Set("X-Request-Id", "x")
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("X-Echo", r.Header.Get("Authorization")+string(sent))
			if !strings.Contains(string(sent), "root.1") {
				_, _ = io.WriteString(w, `{"access_token":"a","refresh_token":"b"}`)
				return
			}
			_, _ = io.WriteString(w, `{"`+members[0]+`":"`+access+`","`+members[1]+`":"`+renewal+`"}`)
		}))
		defer server.Close()
		o := contract.Options()
		o.URL, o.Parallel, o.Admin = server.URL, 4, &check.User{ID: "root.1", Password: secret}
		var cases []check.Case
		for _, c := range contract.Cases() {
			if c.Admin {
				cases = append(cases, c)
			}
		}
		results, err := check.Run(t.Context(), cases, o)
		if err != nil || check.Failed(results) < 5 {
			t.Fatalf("%s: %d cases failed, %v", name, check.Failed(results), err)
		}
		var text, inJSON, junit bytes.Buffer
		check.WriteText(&text, results, time.Second)
		if err := check.WriteJSON(&inJSON, results); err != nil {
			t.Fatal(err)
		}
		if err := check.WriteJUnit(&junit, results, time.Second); err != nil {
			t.Fatal(err)
		}
		for form, report := range map[string]string{
			"text": text.String(), "JSON": inJSON.String(), "JUnit": junit.String(),
		} {
			for _, part := range []string{secret, access, renewal} {
				if strings.Contains(report, part) {
					t.Errorf("%s: the %s report has %q", name, form, part)
				}
			}
		}
	}
}
