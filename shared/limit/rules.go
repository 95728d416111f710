// Package limit bounds how often one client may do what is costly or can be used to guess: sign in,
// sign up, ask for a temporary password. The limits hold across processes and hosts, because they
// are counted in PostgreSQL.
package limit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Rule allows Count requests in each Period. They may come all at once; after that, one more is
// allowed every Period / Count.
type Rule struct {
	Count  int
	Period time.Duration
}

// String returns the rule as Parse reads it, such as "10/10m0s".
func (r Rule) String() string { return fmt.Sprintf("%d/%s", r.Count, r.Period) }

// Rules are the limits of all routes that have one. A client is an IPv4 address or an IPv6 /64.
type Rules struct {
	SignInAccount            Rule // POST /auth, for one account from one client
	SignInClient             Rule // POST /auth, for one client
	SignUp                   Rule // POST /signup, for one client
	TemporaryPasswordAccount Rule // POST /temporary-password, for one account
	TemporaryPasswordClient  Rule // POST /temporary-password, for one client
	Refresh                  Rule // POST /refresh, for one client
	CheckID                  Rule // GET /check/id/{id}, for one client
	WrongPassword            Rule // wrong current passwords, for one session
}

// Default returns the rules of the contract.
func Default() Rules {
	return Rules{
		SignInAccount:            Rule{10, 10 * time.Minute},
		SignInClient:             Rule{100, 10 * time.Minute},
		SignUp:                   Rule{20, time.Hour},
		TemporaryPasswordAccount: Rule{3, 30 * time.Minute},
		TemporaryPasswordClient:  Rule{20, time.Hour},
		Refresh:                  Rule{60, time.Minute},
		CheckID:                  Rule{60, time.Minute},
		WrongPassword:            Rule{10, 10 * time.Minute},
	}
}

// named returns each rule by its name in a setting.
func (r *Rules) named() map[string]*Rule {
	return map[string]*Rule{
		"sign_in_account": &r.SignInAccount, "sign_in_client": &r.SignInClient, "sign_up": &r.SignUp,
		"temporary_password_account": &r.TemporaryPasswordAccount,
		"temporary_password_client":  &r.TemporaryPasswordClient,
		"refresh":                    &r.Refresh, "check_id": &r.CheckID, "wrong_password": &r.WrongPassword,
	}
}

// Parse reads the setting LIMITS: "on" for the default rules, "off" for none (nil), or a list of
// rules that differ from the defaults, such as "sign_up=5/1h,refresh=100/1m". Its error names every
// part that it cannot read.
func Parse(setting string) (*Rules, error) {
	rules := Default()
	switch setting {
	case "", "on":
		return &rules, nil
	case "off":
		return nil, nil
	}
	named := rules.named()
	var problems []error
	for part := range strings.SplitSeq(setting, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		rule, known := named[name]
		parsed, ok := parseRule(value)
		switch {
		case !known:
			problems = append(problems, fmt.Errorf("there is no limit %q", name))
		case !ok:
			problems = append(problems, fmt.Errorf("%s must be a count and a period, such as 10/10m", name))
		default:
			*rule = parsed
		}
	}
	return &rules, errors.Join(problems...)
}

const (
	maxCount  = 1_000_000
	maxPeriod = 30 * 24 * time.Hour
)

func parseRule(value string) (Rule, bool) {
	count, period, _ := strings.Cut(value, "/")
	n, err := strconv.Atoi(count)
	d, err2 := time.ParseDuration(period)
	ok := err == nil && err2 == nil && n > 0 && n <= maxCount && d >= time.Second && d <= maxPeriod
	return Rule{n, d}, ok
}
