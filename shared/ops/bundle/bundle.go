// Package bundle brings a whole bundle up in a directory of its own: keys, binaries, database,
// functions, and the gateway or nginx in front of them.
package bundle

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"minifb/shared/ops/host"
	"minifb/shared/ops/postgres"
	"minifb/shared/ops/process"
	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
	"minifb/shared/ops/schedule"
	"minifb/shared/token"
)

const (
	readyTimeout = 30 * time.Second // for a function that was started
	stopTimeout  = 12 * time.Second // for the requests under way, and again for the functions to exit
)

// Options describe a bundle. Source, Dir and Logf must be set.
type Options struct {
	Source   string        // the repository's directory
	Template *sam.Template // nil: template.yaml in Source
	Dir      string        // the data directory, which is created if necessary
	Keys     string        // the directory of the keys, which are created if necessary; empty: Dir/keys
	Areas    []string      // the functions to run; empty: all of the template

	Binaries string   // the directory of the built functions; empty: they are built, into Dir/bin
	Race     bool     // build the functions with the race detector
	Packages []string // main packages to build besides the functions

	DatabaseURL string // the functions', perhaps with {function}; empty: a private PostgreSQL in Dir
	OwnerURL    string // of the owner of the tables in DatabaseURL's database; empty: DatabaseURL
	Alone       bool   // with DatabaseURL: Start returns an InUseError if functions are connected to the database
	Fast        bool   // the private PostgreSQL does not wait for the disk

	AdminID, AdminPassword string   // an administrator to create if it does not exist; empty: none
	Env                    []string // variables that every function gets besides the template's
	// Parameter returns the value of a parameter of the template that the bundle does not set
	// itself, and whether there is one. It may be nil.
	Parameter func(name string) (string, bool)

	Port int // of the gateway, on 127.0.0.1 and ::1; 0: a free port on 127.0.0.1
	// Host makes Dir the root of a host to which releases can be deployed, with nginx in place of the
	// gateway. One that has been there before starts with its releases. StartTimeout is how long its
	// functions may take to report that they are ready. Nginx has the settings of nginx but for the
	// paths; Listen may be empty, for a free port.
	Host         bool
	StartTimeout time.Duration
	Nginx        render.Nginx

	Step func(Step)                       // called after each step of Start; may be nil
	Logf func(format string, args ...any) // called when something dies, is restarted or does not stop
}

// A Step is a completed step of Start.
type Step struct {
	Number, Of   int
	Name, Result string
	Took         time.Duration
}

// A Bundle is all that serves requests. Its fields are set by Start.
type Bundle struct {
	URL         string // of the gateway or nginx
	DatabaseURL string // of the owner of the tables
	Template    *sam.Template
	Signer      *token.Signer   // signs tokens that the functions accept
	Functions   []*process.Unit // in the template's order

	o            Options
	all          *sam.Template // with the functions that are not in Options.Areas
	toBuild      bool
	dir          *dataDir
	database     *database // nil for one given by Options.DatabaseURL
	functionsURL string    // the database's URL for the functions, with {function}
	sockets      []*process.Socket
	listeners    []net.Listener
	server       *http.Server // the gateway
	gatewayLog   *os.File
	refusedLog   *os.File // of the requests that the gateway refuses
	host         *host.Host
	nginx        *host.Nginx
	schedules    *schedule.Caller // nil for a host, which calls them itself

	mu sync.Mutex // held by Start when it sets nginx or appends to Functions, and by Kill
}

// New returns a bundle that is not started.
func New(o Options) *Bundle {
	b := &Bundle{o: o, toBuild: o.Binaries == "", functionsURL: o.DatabaseURL}
	if b.toBuild {
		b.o.Binaries = filepath.Join(o.Dir, "bin")
	}
	if o.Keys == "" {
		b.o.Keys = filepath.Join(o.Dir, "keys")
	}
	return b
}

// Start starts the bundle and returns when every function is ready. If it fails, or ctx ends before
// that, it stops what it has started. The bundle itself does not stop when ctx ends later.
func (b *Bundle) Start(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Stop())
		}
	}()
	if err := b.loadTemplate(); err != nil {
		return err
	}
	if b.dir, err = openDataDir(b.o.Dir); err != nil {
		return err
	}
	if !b.o.Host {
		if b.listeners, err = listen(ctx, b.o.Port); err != nil {
			return err
		}
	}
	if !b.toBuild {
		if err := checkBuilt(b.Template, b.o.Binaries); err != nil {
			return err
		}
	}
	steps := b.steps()
	for i, s := range steps {
		begun := time.Now()
		result, err := s.do(ctx)
		if err != nil {
			return err
		}
		if b.o.Step != nil {
			b.o.Step(Step{i + 1, len(steps), s.name, result, time.Since(begun)})
		}
	}
	return nil
}

// loadTemplate sets Template, with the functions of Options.Areas only.
func (b *Bundle) loadTemplate() (err error) {
	b.all = b.o.Template
	if b.all == nil {
		if b.all, err = sam.Load(filepath.Join(b.o.Source, "template.yaml")); err != nil {
			return err
		}
	}
	selected := *b.all
	selected.Functions = slices.DeleteFunc(slices.Clone(b.all.Functions), func(f sam.Function) bool {
		return len(b.o.Areas) > 0 && !slices.Contains(b.o.Areas, f.Area)
	})
	b.Template = &selected
	return nil
}

type step struct {
	name string
	do   func(context.Context) (result string, err error)
}

func (b *Bundle) steps() (steps []step) {
	add := func(name string, do func(context.Context) (string, error)) { steps = append(steps, step{name, do}) }
	if b.o.DatabaseURL != "" && b.o.Alone {
		add("database", b.requireAlone)
	}
	if b.toBuild {
		add("building", b.build)
	}
	if b.o.DatabaseURL == "" {
		add("PostgreSQL", b.startDatabase)
	}
	add("migrating", b.migrate)
	add("keys", b.ensureKeys)
	add("starting", b.startFunctions)
	add("serving", b.serve)
	return steps
}

// Failed returns a channel that receives an error if the bundle cannot go on: its private
// PostgreSQL has exited and cannot be started again.
func (b *Bundle) Failed() <-chan error {
	if b.database == nil {
		return nil
	}
	return b.database.failed
}

// Function returns the unit of an area's function; nil if it is not in the bundle.
func (b *Bundle) Function(area string) *process.Unit {
	for _, u := range b.Functions {
		if u.Name == area {
			return u
		}
	}
	return nil
}

// AwaitReady waits until every function's /readyz returns 200.
func (b *Bundle) AwaitReady(ctx context.Context) error {
	for _, u := range b.Functions {
		if err := u.AwaitReady(ctx, readyTimeout); err != nil {
			return err
		}
	}
	return nil
}

// Stop lets the requests under way finish, and stops the gateway, the functions and the private
// PostgreSQL, in this order. Their data and logs stay in Options.Dir.
func (b *Bundle) Stop() error {
	b.stopServing()
	b.schedules.Stop()
	if b.host != nil {
		b.host.Stop()
	} else {
		process.StopAll(b.Functions, stopTimeout)
	}
	for _, s := range b.sockets {
		_ = s.Close() // the directory is removed or cleaned by the next start
	}
	var err error
	if b.database != nil {
		err = b.database.stop()
	}
	if b.dir != nil {
		b.dir.close()
	}
	return err
}

// Nginx returns the nginx of a host.
func (b *Bundle) Nginx() *host.Nginx { return b.nginx }

// Kill kills nginx and the functions at once. It may be called during Start and Stop. The private
// PostgreSQL stops by itself when this process exits.
func (b *Bundle) Kill() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.nginx != nil {
		b.nginx.Kill()
	}
	for _, u := range b.Functions {
		u.Kill()
	}
}

// Binary returns the path of a built binary, such as that of a function.
func (b *Bundle) Binary(name string) string { return filepath.Join(b.o.Binaries, name) }

// Log returns the path of the log of a function, or of the gateway.
func (b *Bundle) Log(name string) string { return filepath.Join(b.o.Dir, "log", name+".log") }

// PostgresLog returns the path of the private PostgreSQL's log.
func (b *Bundle) PostgresLog() string { return filepath.Join(b.o.Dir, postgres.LogName) }

// FunctionsURL returns the database's URL for the functions, perhaps with {function}.
func (b *Bundle) FunctionsURL() string { return b.functionsURL }

// Keys returns the directory of the keys.
func (b *Bundle) Keys() string { return b.o.Keys }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
