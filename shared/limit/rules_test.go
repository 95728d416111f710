package limit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"minifb/shared/limit"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, setting := range []string{"", "on"} {
		if rules, err := limit.Parse(setting); err != nil || *rules != limit.Default() {
			t.Errorf("%q: got %+v, %v, want the defaults", setting, rules, err)
		}
	}
	if rules, err := limit.Parse("off"); rules != nil || err != nil {
		t.Errorf("off: got %+v, %v, want no rules", rules, err)
	}
	want := limit.Default()
	want.SignUp, want.SignInClient = limit.Rule{Count: 5, Period: time.Hour}, limit.Rule{Count: 1, Period: time.Second}
	if rules, err := limit.Parse("sign_up=5/1h, sign_in_client=1/1s"); err != nil || *rules != want {
		t.Errorf("got %+v, %v, want %+v", rules, err, want)
	}
}

// The defaults are the contract's, in the order in which it lists the limits.
func TestDefaultsAreTheContracts(t *testing.T) {
	t.Parallel()
	got := fmt.Sprint(limit.Default())
	if want := "{10/10m0s 100/10m0s 20/1h0m0s 3/30m0s 20/1h0m0s 60/1m0s 60/1m0s 10/10m0s}"; got != want {
		t.Errorf("the defaults are %s, want %s", got, want)
	}
}

func TestParseNamesEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := limit.Parse("signup=5/1h,sign_up=0/1h,refresh=1/1ms,check_id=9")
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{`"signup"`, "sign_up must", "refresh must", "check_id must"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %q", want, err)
		}
	}
}
