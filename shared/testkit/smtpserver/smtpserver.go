// Package smtpserver runs an SMTP server for tests, as a process of its own that can refuse, hang
// and die.
package smtpserver

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"minifb/shared/ops/process"
	"minifb/shared/testkit/built"
)

// A Server is a running server.
type Server struct {
	// Address is where it listens: 127.0.0.1 and a port.
	Address string
	// Acted has a step's name each time the server carries out an action of -at. It is closed when
	// the process has ended.
	Acted <-chan string

	dir     string
	command *exec.Cmd
}

// Build returns the path of the server's program, which it may build in the directory dir. source is
// the repository.
func Build(ctx context.Context, source, dir string) (string, error) {
	folder, err := built.Programs(ctx, source, dir, false, "./shared/testkit/smtpserver/process")
	return filepath.Join(folder, "process"), err
}

// Start starts a server that keeps its files in the directory dir. The flags are those that
// `process -h` lists, without -dir. Stop it by Stop.
func Start(binary, dir string, flags ...string) (*Server, error) {
	command := exec.Command(binary, slices.Concat([]string{"-dir", dir}, flags)...)
	command.Stderr = os.Stderr
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	command.Stdout = writer
	err = process.Start(command, syscall.SIGKILL)
	writer.Close()
	if err != nil {
		reader.Close()
		return nil, fmt.Errorf("start the SMTP server: %w", err)
	}
	lines := bufio.NewScanner(reader)
	lines.Scan()
	address, ok := strings.CutPrefix(lines.Text(), "listening on ")
	if !ok {
		reader.Close()
		return nil, fmt.Errorf("the SMTP server printed %q: %w", lines.Text(), command.Wait())
	}
	acted := make(chan string, 1000)
	go func() {
		for lines.Scan() {
			acted <- strings.TrimPrefix(lines.Text(), "at ")
		}
		reader.Close()
		_ = command.Wait()
		close(acted)
	}()
	return &Server{Address: address, Acted: acted, dir: dir, command: command}, nil
}

// Stop kills the server and waits for its end.
func (s *Server) Stop() {
	_ = s.command.Process.Kill()
	for range s.Acted { // until it is closed
	}
}

// CA returns the file with the certificate that a client has to trust. It exists with -starttls or
// -smtps.
func (s *Server) CA() string { return filepath.Join(s.dir, "ca.pem") }

// Mails returns the mails that were stored, in the order of their arrival. It may be called after
// Stop.
func (s *Server) Mails() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(s.dir, "mails", "*.eml"))
	if err != nil {
		return nil, err
	}
	var mails []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		mails = append(mails, string(text))
	}
	return mails, nil
}

// Transcript returns all that clients and server have written to each other, decrypted.
func (s *Server) Transcript() (string, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, "transcript"))
	return string(text), err
}
