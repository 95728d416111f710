// Command supervise makes the folder -root of this machine a host: it holds the functions' sockets and keeps their current releases
// running, until it is told to stop. `make deploy HOST=local` deploys to it.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"minifb/shared/ops/host"
	"minifb/shared/ops/render"
	"minifb/shared/ops/sam"
)

func main() {
	root := flag.String("root", "", "the `folder`; its etc/minifb.env holds the functions' environment")
	listen := flag.String("listen", "", "also run nginx before them, at this `address:port`")
	flag.Parse()
	if err := run(*root, *listen); err != nil {
		fmt.Fprintln(os.Stderr, "supervise:", err)
		os.Exit(1)
	}
}

func run(root, listen string) error {
	if root == "" {
		return fmt.Errorf("name the folder: ROOT=folder")
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	template, err := sam.Load("template.yaml")
	if err != nil {
		return err
	}
	h, err := host.Start(root, template, host.StartTimeout)
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
	fmt.Println("holding the sockets in", root+"/"+host.Run)
	<-stop
	fmt.Println("stopping")
	return nil
}
