// Command run is minifb's local runtime: it sets up all that the bundle needs, starts every function of template.yaml
// as a process of its own, and serves them on one port until it is told to stop. `make run` builds and calls it.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"minifb/shared/ops/gateway"
	"minifb/shared/ops/sam"
	"minifb/shared/ops/supervise"
)

const (
	templateFile = "template.yaml"
	drainTimeout = 12 * time.Second // for requests under way, when we are told to stop
	readyTimeout = 20 * time.Second // for a function that was started
)

func main() {
	interrupts := make(chan os.Signal, 2)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	// A terminal that closes does not stop the bundle. To ignore the signal would make the functions ignore it too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	ctx, cancel := context.WithCancel(context.Background())
	r := &run{screen: &screen{out: os.Stdout, begun: time.Now()}}
	go func() {
		<-interrupts
		r.screen.say("stopping; once more kills at once")
		cancel()
		<-interrupts
		r.kill()
		os.Exit(130)
	}()
	err := r.serve(ctx)
	interrupted := ctx.Err() != nil
	r.stop()
	cancel()
	if err != nil && !interrupted {
		fmt.Fprintf(os.Stderr, "make run: %v\n", err)
		os.Exit(1)
	}
	r.screen.say("stopped")
}

// A run is all that has been started, so that it can be stopped in the right order however far it got.
type run struct {
	screen     *screen
	settings   settings
	template   *sam.Template
	lock       *os.File
	listeners  []net.Listener
	database   *database
	functions  []*supervise.Function
	server     *http.Server
	gatewayLog io.Closer
}

// serve sets everything up, serves, and returns when ctx has ended or something failed for good.
func (r *run) serve(ctx context.Context) (err error) {
	if r.settings, err = readSettings(os.Getenv); err != nil {
		return err
	}
	if r.template, err = sam.Load(templateFile); err != nil {
		return err
	}
	if r.lock, err = prepare(r.settings); err != nil {
		return err
	}
	if r.listeners, err = listen(r.settings.port); err != nil {
		return err
	}
	r.screen.steps = 5
	if err := checkBuilt(r.template, r.settings.bin()); err != nil {
		return err
	}
	if err := r.screen.step("PostgreSQL", func() (did string, err error) {
		r.database, did, err = openDatabase(ctx, r.settings, r.screen)
		return did, err
	}); err != nil {
		return err
	}
	if err := r.screen.step("migrating", func() (string, error) { return migrate(ctx, r.database.url) }); err != nil {
		return err
	}
	if err := r.screen.step("keys", func() (string, error) { return makeKeys(r.settings.keys()) }); err != nil {
		return err
	}
	if r.settings.adminID != "" {
		if err := ensureAdmin(ctx, r.database.url, r.settings); err != nil {
			return err
		}
	}
	if err := r.screen.step("starting", func() (string, error) { return count(len(r.template.Functions), "function"), r.startFunctions(ctx) }); err != nil {
		return err
	}
	if err := r.screen.step("serving", func() (string, error) { return r.settings.address(), r.startGateway() }); err != nil {
		return err
	}
	r.screen.banner(r.settings, r.database)
	select {
	case <-ctx.Done():
		return nil
	case err := <-r.database.lost:
		return err
	}
}

func (r *run) startFunctions(ctx context.Context) error {
	value := r.settings.parameter(r.database.url)
	for _, f := range r.template.Functions {
		started, err := supervise.Start(supervise.Spec{
			Area: f.Area, Binary: filepath.Join(r.settings.bin(), f.Area), Socket: r.settings.socket(f.Area),
			Log: filepath.Join(r.settings.logs(), f.Area+".log"), Env: r.template.Environment(f, value), Say: r.screen.say,
		})
		if err != nil {
			return err
		}
		r.functions = append(r.functions, started)
	}
	for _, f := range r.functions {
		if err := f.AwaitReady(ctx, readyTimeout); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) startGateway() error {
	f, err := supervise.OpenLog(filepath.Join(r.settings.logs(), "gateway.log"))
	if err != nil {
		return err
	}
	r.gatewayLog = f
	r.server = gateway.NewServer(r.template, r.settings.socket, log.New(f, "", log.LstdFlags|log.LUTC))
	for _, listener := range r.listeners {
		go func() { _ = r.server.Serve(listener) }() // returns when it is shut down
	}
	return nil
}

// stop stops what was started, the last first: the gateway lets requests under way end, then the functions drain, and the database
// goes when nobody uses it any more.
func (r *run) stop() {
	if r.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
		_ = r.server.Shutdown(ctx) // what has not ended by then is cut off
		cancel()
		_ = r.server.Close()
	}
	for _, listener := range r.listeners {
		_ = listener.Close() // the server has closed those it served
	}
	supervise.Stop(r.functions, drainTimeout)
	if r.lock != nil && filepath.Dir(r.settings.sockets) != r.settings.dataDir {
		_ = os.Remove(r.settings.sockets) // best effort: it is empty where all ended well
	}
	if r.database != nil {
		r.database.stop()
	}
	if r.gatewayLog != nil {
		_ = r.gatewayLog.Close() // written line by line
	}
	if r.lock != nil {
		_ = r.lock.Close()
	}
}

// kill ends the functions at once. The database sees our death, and shuts down by itself.
func (r *run) kill() {
	for _, f := range r.functions {
		f.Kill()
	}
}
