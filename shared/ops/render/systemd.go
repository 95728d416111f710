package render

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"minifb/shared/api"
	"minifb/shared/ops/sam"
)

// The folders of a host that the units name.
const (
	Sockets  = "/run/minifb" // <area>.sock
	Releases = "/opt/minifb" // <area>/current and <area>/next, links to releases
	Settings = "/etc/minifb" // minifb.env, <area>.env, keys

	// RefusedLog is where nginx lists the requests that it refused itself; see stat.StoreRefused.
	RefusedLog = "/var/log/minifb/refused.log"
)

//go:embed *.tmpl
var texts embed.FS

var units = template.Must(template.ParseFS(texts,
	"service.tmpl", "socket.tmpl", "timer.tmpl", "job.tmpl", "failed.tmpl", "sandbox.tmpl"))

// files are the variables whose value is the path of a file. Only root can read a secret file;
// systemd passes it to the function as a credential.
var files = map[string]struct {
	Path   string
	Secret bool
}{
	"TOKEN_PUBLIC_KEYS": {Settings + "/public.jwks", false},
	"REFUSED_LOG":       {RefusedLog, false},
	"TOKEN_PRIVATE_KEY": {Settings + "/private.jwk", true},
}

// A service has the values of service.tmpl.
type service struct {
	Unit        string // its file name
	Area        string
	Description string
	Type        string // notify or oneshot
	ExecStart   string
	Function    bool // it is a process of a function, not a caller of one
	HasSocket   bool // systemd passes it the area's socket
	Restart     bool // systemd restarts it whenever it ends
	Install     bool // systemd starts it at boot

	StartTimeout int // seconds
	MemoryMB     int
	GoMemoryMB   int // GOMEMLIMIT
	CPU          int // percent of one processor

	Environment      []string
	Credentials      []string
	RuntimeDirectory string
}

// Network reports whether the service may use the network.
func (s service) Network() bool { return s.Function }

// A timer has the values of timer.tmpl.
type timer struct {
	Description string
	Times       []string // lines of the section [Timer]
	Needs       string   // a file without which it does not start; unset for none
}

// unitFiles are the texts of units, by their file names.
type unitFiles map[string]string

func (u unitFiles) add(name, kind string, data any) error {
	var text strings.Builder
	if err := units.ExecuteTemplate(&text, kind+".tmpl", data); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	u[name] = text.String()
	return nil
}

// Units returns the systemd units of all functions, by file name. Each function has a socket,
// minifb-<area>.socket, and three services, which scripts/deploy/steps.sh starts and stops:
//
//   - minifb-<area> serves the current release at the socket;
//   - minifb-<area>-check runs the next release at a socket of its own, for the checks of a deploy;
//   - minifb-<area>-next serves the next release at the same socket while minifb-<area> restarts.
//
// Each schedule has a timer, and a service that calls the function.
func Units(t *sam.Template) (map[string]string, error) {
	all := unitFiles{}
	for _, f := range t.Functions {
		unit := "minifb-" + f.Area
		if err := all.add(unit+".socket", "socket", map[string]string{"Area": f.Area, "Sockets": Sockets}); err != nil {
			return nil, err
		}
		for _, s := range services(t, f) {
			if err := all.add(s.Unit, "service", s); err != nil {
				return nil, err
			}
		}
		for _, schedule := range f.Schedules {
			times, err := timerSettings(schedule)
			if err != nil {
				return nil, fmt.Errorf("the schedule %s of %s: %w", schedule.Name, f.Name, err)
			}
			name := unit + "-" + strings.ToLower(schedule.Name)
			description := "the schedule " + schedule.Name + " of " + f.Area
			// The timer of a retired function does not come back at the next boot.
			needs := Releases + "/" + f.Area + "/current/bootstrap"
			if err := all.add(name+".timer", "timer", timer{description, times, needs}); err != nil {
				return nil, err
			}
			service := scheduleService(f, schedule, name)
			if err := all.add(service.Unit, "service", service); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// services returns the three services of a function.
func services(t *sam.Template, f sam.Function) []service {
	base := service{
		Area: f.Area, Description: escape(f.Area + ": " + f.Description), Type: "notify", Function: true,
		StartTimeout: 10,
		MemoryMB:     f.MemoryMB, GoMemoryMB: f.MemoryMB * 8 / 10, CPU: 100 * max(1, f.MemoryMB/256),
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
	main.ExecStart = Releases + "/" + f.Area + "/current/bootstrap"
	main.HasSocket, main.Restart, main.Install = true, true, true

	next.Unit = "minifb-" + f.Area + "-next.service"
	next.ExecStart = Releases + "/" + f.Area + "/next/bootstrap"
	next.HasSocket = true
	next.Description += " (the next release, while the service restarts)"

	check.Unit = "minifb-" + f.Area + "-check.service"
	check.ExecStart = next.ExecStart
	check.RuntimeDirectory = "minifb-" + f.Area + "-check"
	check.Environment = append(slices.Clip(check.Environment), "REHEARSE=on",
		"LISTEN=unix:%t/"+check.RuntimeDirectory+"/http.sock")
	check.Description += " (the next release, while a deploy checks it)"
	return []service{main, check, next}
}

// scheduleService returns the service that the timer of a schedule starts. It calls the function
// with a POST to SchedulePath.
func scheduleService(f sam.Function, s sam.Schedule, unit string) service {
	seconds := int(f.Timeout.Seconds())
	return service{
		Unit: unit + ".service", Area: f.Area, Type: "oneshot",
		Description: escape("call the schedule " + s.Name + " of " + f.Area),
		ExecStart: fmt.Sprintf("/usr/bin/curl --fail-with-body --silent --show-error --max-time %d "+
			"--unix-socket %s/%s.sock --request POST http://localhost%s", seconds+1, Sockets, f.Area, SchedulePath(s)),
		StartTimeout: seconds + 10, MemoryMB: 64, CPU: 100,
	}
}

// SchedulePath returns the path that a schedule calls outside Lambda, by POST. nginx has no route to
// it, so that clients cannot call it.
func SchedulePath(s sam.Schedule) string { return api.SchedulePath(strings.ToLower(s.Name)) }

// escape escapes what systemd would interpret: % begins a specifier, and a backslash joins lines.
func escape(text string) string {
	return strings.NewReplacer("%", "%%", "\n", " ", `\`, `\\`).Replace(text)
}

// quote returns an assignment of Environment= as one word.
func quote(assignment string) string {
	return `"` + strings.ReplaceAll(escape(assignment), `"`, `\"`) + `"`
}
