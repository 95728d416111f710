// Command supervise makes the directory -root of this machine a host: it holds the functions'
// sockets and keeps their current releases running until it is stopped. `make deploy HOST=local`
// deploys to it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"minifb/shared/ops/host"
	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
)

func main() {
	root := flag.String("root", "", "the `directory`; its etc/minifb.env holds the functions' environment")
	listen := flag.String("listen", "", "also run nginx in front of them, at this `address:port`")
	flag.Parse()
	if err := run(*root, *listen); err != nil {
		fmt.Fprintln(os.Stderr, "supervise:", err)
		os.Exit(1)
	}
}

func run(root, listen string) error {
	if root == "" {
		return errors.New("the directory is missing; set ROOT=directory")
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	template, err := sam.Load("template.yaml")
	if err != nil {
		return err
	}
	h, err := host.Start(root, template, host.StartTimeout, func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, format+"\n", args...)
	})
	if err != nil {
		return err
	}
	defer h.Stop()
	if listen != "" {
		nginx, err := host.StartNginx(root, template, render.Nginx{Listen: listen})
		if err != nil {
			return err
		}
		defer nginx.Stop()
	}
	fmt.Println("holding the sockets in", filepath.Join(root, host.Run))
	<-stop
	fmt.Println("stopping")
	return nil
}
