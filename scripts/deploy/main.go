// Command deploy replaces the release of a function on hosts without losing a request, goes back to
// an earlier release, shows what runs, and takes a function or a host out of service:
//
//	deploy -function post -host user@host [-migrate]
//	deploy -do rollback -function post -host user@host [-to release]
//	deploy -do releases -host user@host [-function post]
//	deploy -do status -host user@host
//	deploy -do retire -function post -host user@host
//	deploy -do drain -host user@host, and -do undrain
//
// The function `all` stands for all functions of template.yaml, and -host may name several hosts,
// with spaces: they are done one after the other, host by host, until one fails; status and releases go
// on. The host `local` is a folder of this machine, -root, that scripts/supervise serves. The steps on
// the host are in steps.sh.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"minifb/shared/ops/sam"
)

// options are the command's flags.
type options struct {
	do, function, to, host, root, binary string
	migrate                              bool
	checkout                             string // the folder of template.yaml and of the code
	architecture                         string // of the host: its GOARCH, if something is built
}

var (
	// plainHost matches what is a host to ssh in any case, and never one of its options, some of which
	// run commands.
	plainHost = regexp.MustCompile(`^([A-Za-z0-9._][A-Za-z0-9._-]*@)?[A-Za-z0-9._:[][A-Za-z0-9._:\[\]-]*$`)

	plainRelease = regexp.MustCompile(`^(\d{8}T\d{6}\.\d{3}-)?[0-9a-f]{12}$`)
	plainArea    = regexp.MustCompile(`^[a-z][a-z0-9]*$`)
)

func main() {
	o := options{checkout: "."}
	flag.StringVar(&o.do, "do", "deploy", "deploy, rollback, releases, status, retire, drain or undrain")
	flag.StringVar(&o.function, "function", "", "the function's `area`, such as post, or all")
	flag.StringVar(&o.host, "host", "", "`user@host` for ssh, several, or local; the variable SSH can name another ssh")
	flag.StringVar(&o.root, "root", "", "with -host local: the `folder` that scripts/supervise serves")
	flag.StringVar(&o.binary, "binary", "", "deploy this `file` instead of a build of this checkout")
	flag.StringVar(&o.to, "to", "", "for a rollback: the `release`, or its hash, instead of the previous good one")
	flag.BoolVar(&o.migrate, "migrate", false, "apply the new migrations first")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := o.run(ctx, os.Stdout)
	stop()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() > 0 {
		os.Exit(exit.ExitCode()) // the steps have printed the reason
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "deploy:", err)
		os.Exit(1)
	}
}

func (o options) run(ctx context.Context, out io.Writer) error {
	hosts := strings.Split(o.host, " ")
	if err := o.check(hosts); err != nil {
		return err
	}
	if o.root != "" {
		root, err := filepath.Abs(o.root)
		if err != nil {
			return err
		}
		o.root = root
	}
	var functions []sam.Function
	switch o.do {
	case "deploy", "rollback":
		var err error
		if functions, err = o.functions(); err != nil {
			return err
		}
	case "retire":
		if !plainArea.MatchString(o.function) || o.function == "all" {
			return errors.New("set FUNCTION to the one function that is to be retired")
		}
	case "releases":
		if o.function == "all" {
			o.function = ""
		}
		if o.function != "" && !plainArea.MatchString(o.function) {
			return errors.New("FUNCTION must be a folder of functions/, or be left out")
		}
	case "status", "drain", "undrain":
	default:
		return fmt.Errorf("-do %s: it must be deploy, rollback, releases, status, retire, drain or undrain", o.do)
	}
	return o.onHosts(ctx, out, hosts, functions)
}

// onHosts does on each host what the flags say. Status and releases, which change nothing, go on after a failure.
func (o options) onHosts(ctx context.Context, out io.Writer, hosts []string, functions []sam.Function) error {
	var failed []error
	for i, host := range hosts {
		o.host = host
		if len(hosts) > 1 {
			fmt.Fprintf(out, "== %s\n", host)
		}
		o.migrate = o.migrate && i == 0 // all hosts have one database
		err := o.onHost(ctx, out, functions)
		if err == nil {
			continue
		}
		if o.do == "status" || o.do == "releases" {
			failed = append(failed, err)
			continue
		}
		if rest := hosts[i+1:]; len(rest) > 0 {
			fmt.Fprintf(out, "STOPPED at %s; not touched: %s\n", host, strings.Join(rest, " "))
		}
		return err
	}
	return errors.Join(failed...)
}

// check returns an error if the flags do not say what to do.
func (o options) check(hosts []string) error {
	local := o.host == "local"
	switch {
	case o.host == "":
		return errors.New("set HOST=user@host, HOSTS='a b', or HOST=local ROOT=folder")
	case slices.ContainsFunc(hosts, func(host string) bool { return !plainHost.MatchString(host) }):
		return errors.New("HOST must be a host or user@host of letters, digits and . _ - : [ ], and neither part may " +
			"begin with a hyphen; HOSTS must be such hosts with one space between them")
	case local && o.root == "":
		return errors.New("HOST=local needs ROOT=folder, the folder of `make supervise`")
	case !local && (o.root != "" || slices.Contains(hosts, "local")):
		return errors.New("ROOT is only for HOST=local, and HOST=local stands alone")
	case o.to != "" && (o.do != "rollback" || o.function == "all"):
		return errors.New("TO is only for the rollback of one function")
	case o.to != "" && !plainRelease.MatchString(o.to):
		return errors.New("TO must be a release of `make releases`, or the 12 digits of its hash")
	}
	return nil
}

// functions returns the functions that the flag names.
func (o options) functions() ([]sam.Function, error) {
	template, err := sam.Load(filepath.Join(o.checkout, "template.yaml"))
	if err != nil {
		return nil, err
	}
	if o.function == "all" {
		if o.binary != "" {
			return nil, errors.New("-binary is for one function")
		}
		return template.Functions, nil
	}
	function, ok := template.Function(o.function)
	if !ok {
		return nil, fmt.Errorf("template.yaml has no function %q; set FUNCTION to a folder of functions/, or to all",
			o.function)
	}
	return []sam.Function{function}, nil
}

// onHost does on one host what the flags say. It deploys and rolls back the functions one after the
// other. If one of several fails, it shows what is live.
func (o options) onHost(ctx context.Context, out io.Writer, functions []sam.Function) error {
	if functions == nil {
		return o.send(ctx, out, nil, "VERB="+o.do, "AREA="+o.function)
	}
	if o.do == "deploy" && (o.binary == "" || o.migrate) {
		var err error
		if o.architecture, err = o.askArchitecture(ctx); err != nil {
			return err
		}
	}
	for i, f := range functions {
		o.migrate = o.migrate && i == 0
		err := o.oneFunction(ctx, out, f)
		if err == nil {
			continue
		}
		if len(functions) > 1 {
			fmt.Fprintf(out, "STOPPED at %s.", f.Area)
			for _, rest := range functions[i+1:] {
				fmt.Fprint(out, " ", rest.Area)
			}
			fmt.Fprint(out, " not touched. Live on this host:\n")
			if shown := o.send(ctx, out, nil, "VERB=status", "AREA="); shown != nil {
				fmt.Fprintln(out, shown)
			}
		}
		return err
	}
	return nil
}

// oneFunction deploys one function or rolls it back.
func (o options) oneFunction(ctx context.Context, out io.Writer, f sam.Function) error {
	variables := []string{"VERB=" + o.do, "AREA=" + f.Area, "PROBE=" + probePath(f)}
	if o.do == "rollback" {
		return o.send(ctx, out, nil, append(variables, "TO="+o.to)...)
	}
	release, err := o.pack(ctx, f.Area)
	if err != nil {
		return err
	}
	migrate := ""
	if o.migrate {
		migrate = "yes"
	}
	variables = append(variables, "HASH="+release.hash, "MIGRATE="+migrate)
	return o.send(ctx, out, bytes.NewReader(release.archive), variables...)
}
