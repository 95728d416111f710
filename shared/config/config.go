// Package config reads a function's settings from its environment.
package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"minifb/shared/api"
	"minifb/shared/feed"
	"minifb/shared/limit"
	"minifb/shared/mail"
	"minifb/shared/password"
	"minifb/shared/store"
	"minifb/shared/token"
)

// A Config is the settings of one function. The tags name the variables; docs/operating.md explains
// them to the operator.
type Config struct {
	DatabaseURL        string        `env:"DATABASE_URL,unset"`
	DatabaseReadURL    string        `env:"DATABASE_READ_URL,unset"` // of a replica; empty: none
	DatabasePool       int           `env:"DATABASE_POOL"`           // the most connections; see defaultPool
	Listen             Address       `env:"LISTEN"`                  // if no socket is passed
	TrustedProxies     Networks      `env:"TRUSTED_PROXIES"`         // whose X-Forwarded-For counts on TCP
	RequestTimeout     time.Duration `env:"REQUEST_TIMEOUT"`         // from the request's arrival to its 504
	CORSOrigins        api.Origins   `env:"CORS_ORIGINS"`            // whose pages may call the function
	ErrorHint          string        `env:"ERROR_HINT"`              // full, or generic to hide the cause of a 500
	TokenPublicKeys    string        `env:"TOKEN_PUBLIC_KEYS"`       // a JWK set; see keySource
	TokenPrivateKey    string        `env:"TOKEN_PRIVATE_KEY,unset"` // auth alone: a private JWK set; see keySource
	TokenIssuer        string        `env:"TOKEN_ISSUER"`
	TokenAudience      string        `env:"TOKEN_AUDIENCE"`
	PasswordIterations int           `env:"PASSWORD_ITERATIONS"`    // PBKDF2 iterations of a new hash
	SMTPURL            string        `env:"SMTP_URL,unset"`         // maintenance alone: see mail.Settings
	MailDir            string        `env:"MAIL_DIR"`               // maintenance alone: see mail.Settings
	LambdaAPI          string        `env:"AWS_LAMBDA_RUNTIME_API"` // set by Lambda
	BasePath           string        `env:"BASE_PATH"`              // on Lambda: what a mapping puts before each path
	RefusedLog         string        `env:"REFUSED_LOG"`            // maintenance alone: see stat.StoreRefused
	TimeZone           TimeZone      `env:"TIMEZONE"`               // where "today" begins
	Limits             string        `env:"LIMITS"`                 // see limit.Parse
	Metrics            string        `env:"METRICS"`                // on or off: whether to serve GET /metrics
	InfluxURL          string        `env:"INFLUX_URL,unset"`       // see feed.InfluxRule
	ElasticURL         string        `env:"ELASTIC_URL,unset"`      // see feed.ElasticRule
	OTLPURL            string        `env:"OTLP_URL,unset"`         // see feed.OTLPRule
	Rehearse           string        `env:"REHEARSE"`               // on or off: see function.Rehearse
	PassedSockets      string        `env:"LISTEN_FDS"`             // set by what passes a socket, such as systemd

	LimitRules *limit.Rules `env:"-"` // of Limits; nil if they are off

	Verifier *token.Verifier `env:"-"` // of TokenPublicKeys
	Signer   *token.Signer   `env:"-"` // of TokenPrivateKey; nil if it is unset
}

// defaults returns the settings of variables that are unset or empty, besides DatabasePool's.
func defaults() Config {
	return Config{
		RequestTimeout:     10 * time.Second,
		CORSOrigins:        api.AllOrigins,
		ErrorHint:          "full",
		TokenIssuer:        "minifb",
		TokenAudience:      "minifb",
		PasswordIterations: password.DefaultIterations,
		Limits:             "on",
		TimeZone:           seoul,
		Metrics:            "off",
		Rehearse:           "off",
	}
}

// seoul is the default of TimeZone.
var seoul = func() (z TimeZone) {
	if err := z.UnmarshalText([]byte("Asia/Seoul")); err != nil {
		panic(err) // the time zones are part of the program
	}
	return z
}()

// defaultPool returns the default of DatabasePool. On Lambda a process serves one request at a
// time.
func (c Config) defaultPool() int {
	if c.OnLambda() {
		return 2
	}
	return 10
}

// OnLambda reports whether the function was started by a Lambda runtime.
func (c Config) OnLambda() bool { return c.LambdaAPI != "" }

// Mail returns the settings of mails.
func (c Config) Mail() mail.Settings { return mail.Settings{SMTPURL: c.SMTPURL, Dir: c.MailDir} }

var basePath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

// Feeds returns the settings of the feeds.
func (c Config) Feeds() feed.Settings {
	return feed.Settings{
		Metrics: c.Metrics == "on", InfluxURL: c.InfluxURL, ElasticURL: c.ElasticURL, OTLPURL: c.OTLPURL,
	}
}

// A Requirement is what one function demands besides what all do. Its error names the variable to
// change.
type Requirement func(Config) error

// FunctionPlaceholder stands for the name of the function in DATABASE_URL, so that one value gives
// each function its own role: postgres://minifb_{function}:password@host/minifb.
const FunctionPlaceholder = "{function}"

// FromEnvironment reads and checks all variables of the function that serves an area. Its error has
// one line for each variable that is wrong, which begins with the variable's name. It never holds a
// value, as that may be a secret.
func FromEnvironment(area string, requirements ...Requirement) (Config, error) {
	c := defaults()
	p := problems{malformed: map[string]bool{}}
	p.parse(&c)
	c.DatabaseURL = strings.ReplaceAll(c.DatabaseURL, FunctionPlaceholder, area)
	c.DatabaseReadURL = strings.ReplaceAll(c.DatabaseReadURL, FunctionPlaceholder, area)
	if c.DatabasePool == 0 {
		c.DatabasePool = c.defaultPool()
	}

	p.check("DATABASE_URL", c.DatabaseURL != "" && store.CheckURL(c.DatabaseURL) == nil,
		store.URLForm)
	p.check("DATABASE_READ_URL", c.DatabaseReadURL == "" || store.CheckURL(c.DatabaseReadURL) == nil, store.URLForm)
	p.check("DATABASE_POOL", c.DatabasePool > 1 || c.OnLambda() && c.DatabasePool == 1,
		"name 2 connections or more, one of which stores the counts of requests; on Lambda 1 or more")
	p.check("LISTEN", c.Listen != Address{} || c.PassedSockets != "" || c.OnLambda(),
		"name unix:/path/of/socket or tcp:host:port, or pass a socket")
	p.check("TRUSTED_PROXIES", true, "name addresses or networks, such as 192.0.2.1,10.0.0.0/8")
	p.check("REQUEST_TIMEOUT", c.RequestTimeout > 0, "name a duration above 0s, such as 10s")
	p.check("BASE_PATH", c.BasePath == "" || basePath.MatchString(c.BasePath),
		"name a path such as /v1, without a slash at its end")
	if text, set := os.LookupEnv("CORS_ORIGINS"); set && text == "" { // other variables have their default if empty
		c.CORSOrigins = api.Origins{}
	}
	p.check("CORS_ORIGINS", true,
		"write *, or origins such as https://example.org, with commas and without spaces; empty for none")
	p.check("ERROR_HINT", c.ErrorHint == "full" || c.ErrorHint == "generic", "name full or generic")
	p.check("PASSWORD_ITERATIONS", c.PasswordIterations > 0 && c.PasswordIterations <= password.MaxIterations,
		fmt.Sprintf("name 1 to %d", password.MaxIterations))
	rules, err := limit.Parse(c.Limits)
	c.LimitRules = rules
	p.check("LIMITS", err == nil,
		"write on, off, or the limits that differ from the defaults, such as sign_up=5/1h,refresh=100/1m")
	p.check("TIMEZONE", true, "name a time zone of the IANA database, such as Asia/Seoul")
	p.check("REHEARSE", c.Rehearse == "on" || c.Rehearse == "off", "name on or off")
	p.checkFeeds(c)
	p.add("", c.Mail().Validate())
	p.add("TOKEN_PUBLIC_KEYS", c.readPublicKeys())
	p.add("TOKEN_PRIVATE_KEY", c.readPrivateKey())
	for _, requirement := range requirements {
		if err := requirement(c); err != nil {
			p.list = append(p.list, err)
		}
	}
	if len(p.list) > 0 {
		return Config{}, fmt.Errorf("settings in the environment:\n%w", errors.Join(p.list...))
	}
	return c, nil
}

// problems collects what is wrong.
type problems struct {
	list      []error
	malformed map[string]bool // variables whose value could not be parsed
}

// parse sets the fields of c. A malformed variable is reported by the check of its field.
func (p *problems) parse(c *Config) {
	err := env.Parse(c)
	var all env.AggregateError
	if !errors.As(err, &all) && err != nil {
		all.Errors = []error{err}
	}
	for _, err := range all.Errors {
		var malformed env.ParseError
		if !errors.As(err, &malformed) { // a mistake in Config's tags
			p.list = append(p.list, err)
			continue
		}
		field, _ := reflect.TypeFor[Config]().FieldByName(malformed.Name)
		name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		p.malformed[name] = true
	}
}

// check reports a variable that is malformed or not ok, with the rule that it breaks.
func (p *problems) check(name string, ok bool, rule string) {
	if !ok || p.malformed[name] {
		p.list = append(p.list, errors.New(name+": "+rule))
	}
}

// checkFeeds reports what is wrong with the settings of feeds. On Lambda there are none: a process that
// is frozen between requests sends nothing, and to send before each response would delay it.
func (p *problems) checkFeeds(c Config) {
	const notOnLambda = "leave it unset on Lambda, where there are no feeds"
	for _, v := range []struct {
		name    string
		on, ok  bool
		problem string
	}{
		{"METRICS", c.Metrics == "on", c.Metrics == "on" || c.Metrics == "off", "name on or off"},
		{"INFLUX_URL", c.InfluxURL != "", feed.CheckInflux(c.InfluxURL), feed.InfluxRule},
		{"ELASTIC_URL", c.ElasticURL != "", feed.CheckElastic(c.ElasticURL), feed.ElasticRule},
		{"OTLP_URL", c.OTLPURL != "", feed.CheckOTLP(c.OTLPURL), feed.OTLPRule},
	} {
		p.check(v.name, v.ok, v.problem)
		p.check(v.name, !v.on || !v.ok || !c.OnLambda(), notOnLambda)
	}
}

// add reports a variable that has an error. The name is empty if the error begins with it.
func (p *problems) add(name string, err error) {
	switch {
	case err == nil:
	case name == "":
		p.list = append(p.list, err)
	default:
		p.list = append(p.list, fmt.Errorf("%s: %w", name, err))
	}
}
