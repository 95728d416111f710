package limit

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"minifb/shared/apperror"
	"minifb/shared/password"
	"minifb/shared/store"
)

// A Limiter counts requests against the rules. A nil Limiter allows every request. It is safe for
// concurrent use.
//
// Each method makes at most one statement. It returns apperror.TooManyRequests with the time to
// wait if a limit is reached; the request then counts against no limit.
type Limiter struct {
	store *store.Store
	rules Rules
}

// New returns a Limiter of these rules; nil if there are none.
func New(s *store.Store, rules *Rules) *Limiter {
	if rules == nil {
		return nil
	}
	return &Limiter{s, *rules}
}

// SignIn counts an attempt to sign in to the account with this ID. The account's own limit counts
// each client apart, so that nobody can lock its owner out from another address.
func (l *Limiter) SignIn(ctx context.Context, client netip.Addr, id string) error {
	if l == nil {
		return nil
	}
	from := clientKey(client)
	return l.take(ctx,
		l.rules.SignInAccount.limit("sign-in "+strings.ToLower(id)+" "+from),
		l.rules.SignInClient.limit("sign-in "+from))
}

// SignUp counts a signup.
func (l *Limiter) SignUp(ctx context.Context, client netip.Addr) error {
	if l == nil {
		return nil
	}
	return l.take(ctx, l.rules.SignUp.limit("sign-up "+clientKey(client)))
}

// TemporaryPassword counts a request for a temporary password of the account with this ID.
func (l *Limiter) TemporaryPassword(ctx context.Context, client netip.Addr, id string) error {
	if l == nil {
		return nil
	}
	return l.take(ctx,
		l.rules.TemporaryPasswordAccount.limit("temporary-password account "+strings.ToLower(id)),
		l.rules.TemporaryPasswordClient.limit("temporary-password client "+clientKey(client)))
}

// Refresh counts the use of a refresh token.
func (l *Limiter) Refresh(ctx context.Context, client netip.Addr) error {
	if l == nil {
		return nil
	}
	return l.take(ctx, l.rules.Refresh.limit("refresh "+clientKey(client)))
}

// CheckID counts a question whether an ID is free.
func (l *Limiter) CheckID(ctx context.Context, client netip.Addr) error {
	if l == nil {
		return nil
	}
	return l.take(ctx, l.rules.CheckID.limit("check-id "+clientKey(client)))
}

// CurrentPassword counts a check of the current password in this session as a wrong one, before the
// check. Unless the password was wrong, TakeBack must follow. So attempts that run at once cannot
// exceed the limit.
func (l *Limiter) CurrentPassword(ctx context.Context, session string) error {
	if l == nil {
		return nil
	}
	return l.take(ctx, l.currentPassword(session))
}

// takeBackTimeout is how long TakeBack waits for the database.
const takeBackTimeout = time.Second

// TakeBack takes back what CurrentPassword counted. It does so even if ctx has ended, because a
// request whose time is over before its password was checked does not count either.
func (l *Limiter) TakeBack(ctx context.Context, session string) error {
	if l == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeBackTimeout)
	defer cancel()
	return l.store.ReturnLimit(ctx, l.currentPassword(session))
}

func (l *Limiter) currentPassword(session string) store.Limit {
	return l.rules.WrongPassword.limit("wrong-password " + session)
}

func (l *Limiter) take(ctx context.Context, limits ...store.Limit) error {
	wait, err := l.store.TakeLimits(ctx, limits)
	if err != nil || wait <= 0 {
		return err
	}
	seconds := int64((wait + time.Second - 1) / time.Second)
	return &apperror.Error{
		Code: apperror.TooManyRequests, RetryAfter: wait,
		Hint: fmt.Sprintf("Too many requests of this kind; try again in %d s.", seconds),
	}
}

func (r Rule) limit(key string) store.Limit {
	return store.Limit{Key: key, Count: r.Count, Period: r.Period}
}

// Requester says for whom a password is hashed: for a client, and an account that is named by its ID
// in any case, or in another way that no ID has.
func Requester(client netip.Addr, account string) password.Requester {
	return password.Requester{Client: clientKey(client), Account: strings.ToLower(account)}
}

// clientKey names a client: an IPv4 address, or the /64 of an IPv6 address, which one customer
// commands as a whole.
func clientKey(client netip.Addr) string {
	client = client.Unmap().WithZone("")
	if !client.Is6() {
		return client.String()
	}
	network, _ := client.Prefix(64) // 64 bits fit into every IPv6 address
	return network.String()
}
