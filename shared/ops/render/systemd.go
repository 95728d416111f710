package render

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"minifb/shared/ops/sam"
)

// Where a host keeps what the units name.
const (
	Sockets  = "/run/minifb" // <area>.sock
	Releases = "/opt/minifb" // <area>/current and <area>/next, links to releases
	Settings = "/etc/minifb" // minifb.env, <area>.env, keys
)

var (
	//go:embed service.tmpl
	serviceText string
	//go:embed socket.tmpl
	socketText string
	//go:embed timer.tmpl
	timerText string

	units = template.Must(template.Must(template.Must(template.New("service").Parse(serviceText)).
		New("socket").Parse(socketText)).New("timer").Parse(timerText))
)

// files are the variables whose values are JSON too long for an environment file: where the host has them. A secret one is
// handed over by systemd, which alone can read the file.
var files = map[string]struct {
	Path   string
	Secret bool
}{
	"TOKEN_PUBLIC_KEYS": {Settings + "/public.jwks", false},
	"TOKEN_PRIVATE_KEY": {Settings + "/private.jwk", true},
}

type service struct {
	Unit, Area, Description, Type string
	Exec                          []string
	Passed                        bool // the area's socket
	Restart, Install, Function    bool
	StartLimit                    int // seconds
	GoMemory, MemoryMB, CPU       int // MiB, MiB, percent of one processor
	Environment, Credentials      []string
	Runtime                       string
}

// Units are the systemd units of all functions, by file name. Each function has a socket, and three services: minifb-<area> serves;
// minifb-<area>-check, for a release not yet trusted, serves a socket of its own; minifb-<area>-next serves beside the first
// while that restarts. A schedule has a timer and a service that calls the function.
func Units(t *sam.Template) (map[string]string, error) {
	all := map[string]string{}
	add := func(name, kind string, data any) error {
		var text strings.Builder
		if err := units.ExecuteTemplate(&text, kind, data); err != nil {
			return fmt.Errorf("render %s: %w", name, err)
		}
		all[name] = text.String()
		return nil
	}
	for _, f := range t.Functions {
		unit := "minifb-" + f.Area
		if err := add(unit+".socket", "socket", map[string]string{"Area": f.Area, "Sockets": Sockets}); err != nil {
			return nil, err
		}
		for _, s := range services(t, f) {
			if err := add(s.Unit, "service", s); err != nil {
				return nil, err
			}
		}
		for _, schedule := range f.Schedules {
			lines, err := timer(schedule.Expression)
			if err != nil {
				return nil, fmt.Errorf("the schedule %s of %s: %w", schedule.Name, f.Name, err)
			}
			name := unit + "-" + strings.ToLower(schedule.Name)
			err = add(name+".timer", "timer", map[string]any{"Area": f.Area, "Name": schedule.Name, "Lines": lines})
			if err != nil {
				return nil, err
			}
			if err := add(name+".service", "service", call(f, schedule, name)); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

func services(t *sam.Template, f sam.Function) []service {
	base := service{
		Area: f.Area, Description: escape(f.Area + ": " + f.Description), Type: "notify", Function: true, StartLimit: 10,
		MemoryMB: f.MemoryMB, GoMemory: f.MemoryMB * 8 / 10, CPU: 100 * max(1, f.MemoryMB/256),
	}
	for _, v := range f.Env {
		file, isFile := files[v.Name]
		parameter, isParameter := t.Parameter(v.Ref)
		switch {
		case isFile && file.Secret:
			base.Credentials = append(base.Credentials, v.Name+":"+file.Path)
			base.Environment = append(base.Environment, v.Name+"=%d/"+v.Name)
		case isFile:
			base.Environment = append(base.Environment, v.Name+"="+file.Path)
		case v.Ref == "" && v.Intrinsic == "":
			base.Environment = append(base.Environment, quote(v.Name+"="+v.Value))
		case isParameter && parameter.HasDefault:
			base.Environment = append(base.Environment, quote(v.Name+"="+parameter.Default))
		}
	}
	main, check, next := base, base, base
	main.Unit = "minifb-" + f.Area + ".service"
	main.Exec = []string{"ExecStart=" + Releases + "/" + f.Area + "/current/bootstrap"}
	main.Passed, main.Restart, main.Install = true, true, true

	next.Unit = "minifb-" + f.Area + "-next.service"
	next.Exec = []string{"ExecStart=" + Releases + "/" + f.Area + "/next/bootstrap"}
	next.Passed = true
	next.Description += " (the next release, beside the first)"

	check.Unit = "minifb-" + f.Area + "-check.service"
	check.Exec = next.Exec
	check.Runtime = "minifb-" + f.Area + "-check"
	check.Environment = append(slices.Clip(check.Environment), "LISTEN=unix:%t/"+check.Runtime+"/http.sock")
	check.Description += " (the next release, under test)"
	return []service{main, check, next}
}

// call is the service that a timer starts: it asks the function, at a path that no route leads to from outside.
func call(f sam.Function, s sam.Schedule, name string) service {
	return service{
		Unit: name + ".service", Area: f.Area, Description: escape("call the schedule " + s.Name + " of " + f.Area), Type: "oneshot",
		Exec: []string{fmt.Sprintf("ExecStart=/usr/bin/curl --fail --silent --show-error --max-time %d --unix-socket %s/%s.sock --request POST http://localhost%s",
			int(f.Timeout.Seconds())+1, Sockets, f.Area, SchedulePath(s))},
		StartLimit: int(f.Timeout.Seconds()) + 10, MemoryMB: 64, CPU: 100,
	}
}

// SchedulePath is where a function outside Lambda is called at a schedule's times, by POST. It begins as no route can.
func SchedulePath(s sam.Schedule) string { return "/schedule/" + strings.ToLower(s.Name) }

// escape lets systemd read the text as it is: % begins a specifier there, and a backslash at a line's end joins lines.
func escape(text string) string {
	return strings.NewReplacer("%", "%%", "\n", " ", `\`, `\\`).Replace(text)
}

func quote(assignment string) string {
	return `"` + strings.ReplaceAll(escape(assignment), `"`, `\"`) + `"`
}
