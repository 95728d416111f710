package main

import (
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
)

var steps = []string{"greeting", "tls", "auth", "mail", "rcpt", "data", "end"}

// actions are what the server does at each step, instead of what an SMTP server should do. It is a
// flag.Value.
type actions map[string]*action

type action struct {
	what string
	left atomic.Int64
}

// String is for package flag.
func (a actions) String() string { return "" }

// Set adds what one -at says.
func (a actions) Set(text string) error {
	step, what, _ := strings.Cut(text, "=")
	what, times, limited := strings.Cut(what, ":")
	if !slices.Contains(steps, step) {
		return fmt.Errorf("no such step: %s", step)
	}
	if code, err := strconv.Atoi(what); what != "hang" && what != "die" && (err != nil || code < 400 || code > 599) {
		return fmt.Errorf("no such action: %s", what)
	}
	added := &action{what: what}
	added.left.Store(1 << 62)
	if limited {
		n, err := strconv.ParseInt(times, 10, 64)
		if err != nil {
			return err
		}
		added.left.Store(n)
	}
	a[step] = added
	return nil
}

// at carries out the action of a step. It returns nil where there is none, and a refusal's reply,
// whose text quotes what the client sent.
func (a actions) at(step, quote string) error {
	if reply := a.reply(step, quote); reply != nil {
		return reply
	}
	return nil
}

func (a actions) reply(step, quote string) *smtp.SMTPError {
	action := a[step]
	if action == nil || action.left.Add(-1) < 0 {
		return nil
	}
	fmt.Fprintln(os.Stdout, "at", step)
	switch action.what {
	case "hang":
		time.Sleep(math.MaxInt64) // an empty select would end a process whose other goroutines wait too
	case "die":
		os.Exit(1)
	}
	code, _ := strconv.Atoi(action.what)
	return refusal(code, 1, 1, "refused: "+quote)
}

func refusal(code, subject, detail int, text string) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, subject, detail}, Message: text}
}
