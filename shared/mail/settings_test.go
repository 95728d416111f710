package mail_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"minifb/shared/mail"
)

func TestProblemsOfTheURLAreReportedTogether(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	const from = "?from=minifb@example.org"
	for url, want := range map[string][]string{
		"hunter2":                                                    {"not a URL"},
		"//hunter2":                                                  {"neither smtp nor smtps", "from must be"},
		"smtp:hunter2":                                               {"not a URL"},
		"smtp://ann:hunter#2@host" + from:                            {"not a URL"},
		"smtp://ann:hunter/2@host" + from:                            {"not a URL"},
		"smtp://ann:hunter?2@host:25":                                {"not a URL"},
		"smtp://ann:2?hunter2@host":                                  {"other than from, tls and ca", "from must be"},
		"smtp://ann:hunter%2@host" + from:                            {"not a URL"},
		"smtp://ann:hunter2@host:99999" + from:                       {"the port"},
		"smtp://ann:hunter2@host:0" + from:                           {"the port"},
		"smtp://ann:hunter2@host/folder" + from:                      {"not a URL"},
		"smtp://ann:hunter2@" + from:                                 {"no host"},
		"http://ann:hunter2@host" + from:                             {"neither smtp nor smtps"},
		"smtp://ann@host" + from:                                     {"a user without a password"},
		"smtp://:hunter2@host" + from:                                {"a user without a password"},
		"smtp://ann:hunter2%00@host" + from:                          {"a control character"},
		"smtp://ann%0d%0a:hunter2@host" + from:                       {"a control character"},
		"smtp://ann:hunter2@host":                                    {"from must be"},
		"smtp://ann:hunter2@host?from=minifb":                        {"from must be"},
		"smtp://host?from=minifb+a@example.org":                      {"from must be"},
		"smtp://host?from=앤@example.org":                             {"from must be"},
		"smtp://host?from=minifb@예시.한국":                              {"from must be"},
		"smtp://host?from=a@b%0d%0aBcc: c@d":                         {"from must be"},
		"smtp://host" + from + "&from=b@c":                           {"occurs twice"},
		"smtp://host" + from + "&tls=no":                             {"tls must be"},
		"smtp://host" + from + "&tls=%zz":                            {"malformed"},
		"smtps://host" + from + "&tls=opportunistic":                 {"for smtp:// alone"},
		"smtp://ann:hunter2@host" + from + "&tls=opportunistic":      {"clear text"},
		"smtp://ann:hunter2@127.0.0.2" + from + "&tls=opportunistic": {"clear text"},
		"smtp://host" + from + "&ca=/no/such/file":                   {"the file that ca names"},
		"smtp://host" + from + "&ca=" + empty:                        {"the file that ca names"},
		"ftp://ann:@:0?tls=no&ca=/no/such/file&x=1": {
			"neither smtp nor smtps", "no host", "a user without a password", "the port", "other than from",
			"from must be", "tls must be", "the file that ca names",
		},
	} {
		err := mail.Settings{SMTPURL: url}.Validate()
		if err == nil {
			t.Errorf("%s is taken", url)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != len(want) {
			t.Errorf("%s: %q", url, lines)
		}
		for _, problem := range want {
			if !strings.Contains(err.Error(), problem) {
				t.Errorf("%s: %q is not in %q", url, problem, err)
			}
		}
		for _, line := range lines {
			if !strings.HasPrefix(line, "SMTP_URL: ") || strings.Contains(line, "hunter") {
				t.Errorf("%s: %q", url, line)
			}
		}
		if _, failed := mail.New(mail.Settings{SMTPURL: url}); failed == nil || failed.Error() != err.Error() {
			t.Errorf("%s: New returns %v", url, failed)
		}
	}
}

func TestURLsThatAreRight(t *testing.T) {
	t.Parallel()
	server := start(t, "-starttls")
	for _, url := range []string{
		"smtp://mail.example.org?from=minifb@example.org",
		"smtp://mail.example.org/?from=minifb%2Bsender@example.org",
		"smtp://minifb%40example.org:pa%2Fss@mail.example.org:2525?from=minifb%20%3Cminifb@example.org%3E&tls=required",
		"smtps://minifb:pass@[2001:db8::1]?from=minifb@example.org",
		"smtp://mail.example.org:25?from=minifb@example.org&tls=opportunistic",
		"smtp://minifb:pass@localhost:25?from=minifb@example.org&tls=opportunistic",
		"smtp://127.0.0.1:25?from=%EC%95%A4+%3Cminifb@xn--vv4b11d.xn--3e0b707e%3E&ca=" + server.CA(),
	} {
		if err := (mail.Settings{SMTPURL: url}).Validate(); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := (mail.Settings{Dir: "/somewhere"}).Validate(); err != nil {
		t.Error(err)
	}
}
