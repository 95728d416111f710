package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"minifb/shared/mail"
	"minifb/shared/store"
)

const (
	// senders is how many mails are sent at once, so that one slow recipient's server does not
	// delay all.
	senders = 4
	// sendTime is how much time must be left for another mail to be begun. A mail that is cut off
	// may have been delivered.
	sendTime = 32 * time.Second
	// graceTime is how much longer than the other steps the mails under way may take.
	graceTime = time.Second
)

// zone is the time zone of the times in mails, which name it.
var zone = time.FixedZone("UTC+9", 9*60*60)

// sendMails mails the requested temporary passwords that are due.
func (v views) sendMails(ctx context.Context, o *outcome) {
	sender, err := mail.New(v.mail)
	if err != nil {
		o.add("mails_sent", func() (int64, error) { return 0, err })
		return
	}
	o.add("requests_settled", func() (int64, error) {
		n, err := v.store.SettleTemporaryPasswordRequests(ctx, sender.Configured(), batchSize)
		return n, unlessOver(ctx, err)
	})
	if !sender.Configured() {
		return
	}
	sending, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(graceTime, cancel) })()
	var mu sync.Mutex
	var group sync.WaitGroup
	for range senders {
		group.Go(func() {
			for begun := 0; ctx.Err() == nil; begun++ {
				if deadline, _ := ctx.Deadline(); begun > 0 && time.Until(deadline) < sendTime {
					return
				}
				request, found, err := v.store.ClaimTemporaryPasswordRequest(ctx)
				err = unlessOver(ctx, err)
				result, n := "mails_sent", int64(0)
				if found {
					result, n, err = v.send(sending, sender, request)
				}
				mu.Lock()
				o.add(result, func() (int64, error) { return n, err })
				mu.Unlock()
				if err != nil || !found {
					return
				}
			}
		})
	}
	group.Wait()
}

// send mails a temporary password for a claimed request. It returns what became of the mail, for
// the log line, and how many mails that is.
func (v views) send(
	ctx context.Context, sender *mail.Sender, request store.MailRequest,
) (result string, n int64, err error) {
	const sent, refused, failed = "mails_sent", "mails_refused", "mails_failed"
	password, expires, claimed, err := v.store.BeginTemporaryPasswordMail(ctx, &request)
	if err != nil || !claimed {
		return sent, 0, err
	}
	account := mail.Account{Email: request.Email, Name: request.Name, ID: request.UserID}
	failure := sender.Send(ctx, mail.TemporaryPassword(request.ID, account, password, expires.In(zone)))

	// What became of the mail must be stored, even if the time is over.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), responseTime-graceTime)
	defer cancel()
	if failure == nil {
		return sent, 1, v.store.CompleteTemporaryPasswordRequest(ctx, request)
	}
	e, ok := errors.AsType[*mail.Error](failure)
	switch {
	case ok && e.Permanent: // the user's address is at fault
		return refused, 1, v.store.FailTemporaryPasswordRequest(ctx, request, store.RetryNever, failure.Error())
	case ok && e.MaybeDelivered:
		err = v.store.FailTemporaryPasswordRequest(ctx, request, store.RetryWhenExpired, failure.Error())
	default:
		err = v.store.FailTemporaryPasswordRequest(ctx, request, store.RetryLater, failure.Error())
	}
	return failed, 1, errors.Join(failure, err)
}
