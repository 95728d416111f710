package rules_test

import (
	"regexp"
	"strings"
	"testing"

	"minifb/shared/rules"
)

func TestEmail(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(rules.Email("").Schema(nil).Pattern)
	for _, good := range []string{
		"a@b", "ann@example.org", "ann.b+c@mail.example.org", "앤@예시.한국", "!#$%&'*+-/=?^_`{|}~@x", "👩‍👩‍👧@example.org",
	} {
		if !pattern.MatchString(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{
		"", "@", "a@", "@b", "ann", "a@b@c", ".a@b", "a.@b", "a..b@c", "a@.b", "a@b.", "a@b..c",
		"a b@c", "a@b c", " a@b", "a@b ",
		"a@b\n", "a\x00@b", "a\x7f@b", "a\u0085@b", "a\u00a0@b", "a\u2028@b", "a\u3000b@c",
		`"a"@b`, "a(b)@c", "a,b@c", "a:b@c", "a;b@c", "<a@b>", "a@[127.0.0.1]", `a\b@c`,
	} {
		if pattern.MatchString(bad) {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestControlCharacters(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{rules.Name("").Schema(nil).Pattern, rules.Nickname("").Schema(nil).Pattern} {
		p := regexp.MustCompile(pattern)
		for r := rune(0); r <= 0x100; r++ {
			control := r < 0x20 || r >= 0x7f && r < 0xa0
			if text := "a" + string(r) + "b"; p.MatchString(text) == control {
				t.Errorf("%q is accepted: %v", text, control)
			}
		}
		if long := strings.Repeat("👩‍👩‍👧", 10); !p.MatchString(long) {
			t.Errorf("%q is refused", long)
		}
	}
}
