package mail_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"minifb/shared/mail"
)

const (
	subject = "[minifb] 임시 비밀번호 / Your temporary password"
	body    = `앤 님, 안녕하세요.

minifb 계정 ann.01의 임시 비밀번호입니다.

    k7wq-3h2n-x9fd-5tzm

이 비밀번호는 2026년 11월 25일 23:14 (UTC+09:00)까지 한 번만 쓸 수 있습니다.
이 비밀번호로 로그인한 다음 새 비밀번호를 정해 주세요. 그 전에는 다른 기능을 쓸 수 없습니다.
지금까지 쓰던 비밀번호도 그대로 쓸 수 있습니다.

임시 비밀번호를 요청하지 않으셨다면 이 메일을 무시하셔도 됩니다.
이 비밀번호를 다른 사람에게 알려 주지 마세요.

--------------------------------------------------

Hello 앤,

This is a temporary password for your minifb account ann.01:

    k7wq-3h2n-x9fd-5tzm

It works once, until 25 November 2026, 23:14 (UTC+09:00).
Sign in with it and choose a new password. Until then you cannot do anything else.
The password that you have used so far still works.

If you did not ask for a temporary password, you can ignore this mail.
Do not give this password to anyone.
`
)

var headers = []string{
	"Auto-Submitted", "Content-Language", "Content-Transfer-Encoding", "Content-Type",
	"Date", "From", "Message-Id", "Mime-Version", "Subject", "To",
}

func send(t *testing.T, m mail.Message) string {
	t.Helper()
	s, dir := toDir(t)
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	texts := files(t, dir)
	if len(texts) != 1 {
		t.Fatalf("%d files", len(texts))
	}
	return texts[0]
}

func TestMailIsReadable(t *testing.T) {
	t.Parallel()
	header, gotSubject, gotBody := parse(t, send(t, message))
	if gotSubject != subject {
		t.Errorf("the subject is %q", gotSubject)
	}
	if gotBody != body {
		t.Errorf("the body is:\n%s", gotBody)
	}
	if names := slices.Sorted(maps.Keys(header)); !slices.Equal(names, headers) {
		t.Errorf("the headers are %q", names)
	}
	for name, want := range map[string]string{
		"From": `"minifb" <minifb@localhost>`, "To": "<ann@example.org>",
		"Auto-Submitted": "auto-generated", "Content-Language": "ko, en",
	} {
		if got := header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if date, err := header.Date(); err != nil || time.Since(date).Abs() > time.Minute {
		t.Errorf("Date: %v, %v", date, err)
	}
}

func TestMessageIDIsThatOfRequestAndExpiry(t *testing.T) {
	t.Parallel()
	id := func(request int64, expires time.Time) string {
		header, _, _ := parse(t, send(t, mail.TemporaryPassword(request, ann, temporary, expires)))
		return header.Get("Message-ID")
	}
	first := id(1, expires)
	if !strings.HasPrefix(first, "<temporary-password.") || !strings.HasSuffix(first, "@localhost>") {
		t.Errorf("it is %q", first)
	}
	if again := id(1, expires.UTC()); again != first {
		t.Errorf("the same mail has %q and %q", first, again)
	}
	if id(2, expires) == first {
		t.Error("another request has the same")
	}
	if id(1, expires.Add(time.Second)) == first {
		t.Error("a later password of the request has the same")
	}
}

func TestNamesCannotAddLinesOrHeaders(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Ann\r\nBcc: eve@example.net":         "Ann\uFFFD\uFFFDBcc: eve@example.net",
		"Ann\x00":                             "Ann\uFFFD",
		"Ann\n\nClick here:":                  "Ann\uFFFD\uFFFDClick here:",
		"Ann\u2028\u0085\u202Ennb":            "Ann\uFFFD\uFFFD\uFFFDnnb",
		".\r\nQUIT":                           ".\uFFFD\uFFFDQUIT",
		strings.Repeat("앤", 10_000):           strings.Repeat("앤", 50) + "…",
		"👩‍👩‍👧":                               "👩‍👩‍👧",
		"{{.Password}} %s =?utf-8?q?=0D=0A?=": "{{.Password}} %s =?utf-8?q?=0D=0A?=",
	} {
		account := mail.Account{Email: ann.Email, Name: name, ID: name}
		header, gotSubject, gotBody := parse(t, send(t, mail.TemporaryPassword(1, account, temporary, expires)))
		if names := slices.Sorted(maps.Keys(header)); !slices.Equal(names, headers) {
			t.Errorf("%.30q: the headers are %q", name, names)
		}
		if wantBody := strings.NewReplacer("앤", want, "ann.01", want).Replace(body); gotBody != wantBody {
			t.Errorf("%.30q: the body is:\n%s", name, gotBody)
		}
		if gotSubject != subject || header.Get("To") != "<ann@example.org>" {
			t.Errorf("%.30q: the subject is %q, To is %q", name, gotSubject, header.Get("To"))
		}
	}
}

func TestAddressesThatAreNotOneAreRefused(t *testing.T) {
	t.Parallel()
	s, dir := toDir(t)
	for _, address := range []string{
		"", "ann", "@example.org", "ann@", "ann@@example.org",
		"ann@example.org\r\nBcc: eve@example.net", "ann\r\n@example.org", "ann@example.org\n", "ann@example.org\r\n",
		"ann\x00@example.org", "ann@example.org\x00", "ann@exam\x00ple.org",
		"ann\u0085@example.org", "ann@ex\u0085ample.org",
		"ann\u202e@example.org", "ann@\u202e예시.한국", "ann@example.org\xff", "\xff@example.org",
		"ann@example.org, eve@example.net", "ann@example.org,eve@example.net", "group: ann@example.org;",
		"ann@example.org> RCPT TO:<eve@example.net", "<ann@example.org>", "Ann <ann@example.org>",
		"ann@example.org (Ann)", "(Ann)ann@example.org", `"ann smith"@example.org`, `"ann"@example.org`,
		"ann smith@example.org",
		" ann@example.org", "ann@example.org ", "ann@[127.0.0.1]", "ann@-예시-.한국", "=?utf-8?q?ann?=@example.org>",
		strings.Repeat("a", 243) + "@example.org",
	} {
		account := mail.Account{Email: address, Name: "Ann", ID: "ann"}
		err := s.Send(t.Context(), mail.TemporaryPassword(1, account, temporary, expires))
		failed, ok := errors.AsType[*mail.Error](err)
		if !ok || !failed.Permanent || failed.MaybeDelivered {
			t.Errorf("%q: %v", address, err)
			continue
		}
		for _, not := range []string{"\r", "\n", "\x00", temporary, "ann"} {
			if strings.Contains(err.Error(), not) {
				t.Errorf("%q: the error has %q: %q", address, not, err)
			}
		}
	}
	if texts := files(t, dir); len(texts) != 0 {
		t.Errorf("%d mails are stored:\n%s", len(texts), texts[0])
	}
}

func TestMessageDoesNotPrintItsPassword(t *testing.T) {
	t.Parallel()
	want := message.String()
	if !strings.HasPrefix(want, "mail temporary-password.") || !strings.HasSuffix(want, " to example.org") {
		t.Errorf("it prints %q", want)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, message); got != want {
			t.Errorf("%s prints %q", verb, got)
		}
		if got := fmt.Sprintf(verb, &message); got != want {
			t.Errorf("%s prints %q of a pointer", verb, got)
		}
	}
}
