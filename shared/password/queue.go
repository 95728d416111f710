package password

import (
	"context"
	"slices"
	"sync"

	"minifb/shared/apperror"
)

// A Requester says for whom a password is hashed. Those who wait share the queue by it.
type Requester struct {
	Client  string // an address or a network
	Account string // any name that its requests share, such as its ID in lower case
}

// A queue lets as many callers run at once as it has slots, and lets others wait. A free slot is
// given to the clients in turn, and to a client's accounts in turn. So whoever fills the queue with
// requests delays others by one hash at a time, and no more.
//
// One client may take half of the queue, and one account half of what its client may take. If the
// queue is full, the newest request of the client that waits with the most gives way to that of a
// client that waits with fewer.
type queue struct {
	capacity int // how many may wait

	mu      sync.Mutex
	free    int // slots
	waiting int
	waits   int64          // calls that had to wait
	refused int64          // calls that found no place, gave way or gave up
	clients []*clientQueue // those with waiters, in the order of their turns
}

// A clientQueue has the waiters of one client.
type clientQueue struct {
	client   string
	waiting  int
	accounts []*accountQueue // those with waiters, in the order of their turns
}

// An accountQueue has the waiters for one account from one client, oldest first.
type accountQueue struct {
	account string
	waiters []*waiter
}

// A waiter waits for a slot. The queue closes ready when it gives it one, or when it has to give
// way.
type waiter struct {
	requester Requester
	ready     chan struct{}
	gaveWay   bool
}

var errBusy = apperror.New(apperror.Unavailable, busyHint)

const busyHint = "Too many passwords are being checked at once. Try again in a few seconds."

// acquire waits for a slot. The caller must call release afterwards, unless there is an error:
// Unavailable if the queue is full or ctx ends first.
func (q *queue) acquire(ctx context.Context, r Requester) error {
	if err := ctx.Err(); err != nil {
		return apperror.Wrap(apperror.Unavailable, err, busyHint)
	}
	q.mu.Lock()
	if q.free > 0 { // then no one waits
		q.free--
		q.mu.Unlock()
		return nil
	}
	w := q.join(r)
	q.mu.Unlock()
	if w == nil {
		return errBusy
	}
	select {
	case <-w.ready:
		if w.gaveWay {
			return errBusy
		}
		return nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	inQueue := q.remove(w)
	if inQueue {
		q.refused++
	}
	q.mu.Unlock()
	if !inQueue && !w.gaveWay { // it has just got a slot
		q.release()
	}
	return apperror.Wrap(apperror.Unavailable, ctx.Err(), busyHint)
}

// state returns a snapshot.
func (q *queue) state() QueueState {
	q.mu.Lock()
	defer q.mu.Unlock()
	return QueueState{Waiting: q.waiting, Waits: q.waits, Refused: q.refused}
}

// release gives the slot to the next waiter.
func (q *queue) release() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.clients) == 0 {
		q.free++
		return
	}
	c := q.clients[0]
	a := c.accounts[0]
	w := a.waiters[0]
	q.remove(w)
	// Both have had their turn.
	if moveToEnd(&q.clients, c) {
		moveToEnd(&c.accounts, a)
	}
	close(w.ready)
}

// moveToEnd moves an item to the end, and reports whether the list has it.
func moveToEnd[T comparable](list *[]T, item T) bool {
	i := slices.Index(*list, item)
	if i < 0 {
		return false
	}
	*list = append(slices.Delete(*list, i, i+1), item)
	return true
}

// join adds a waiter, or returns nil if there is no place for it.
func (q *queue) join(r Requester) *waiter {
	c, a := q.find(r)
	perClient := (q.capacity + 1) / 2
	if c.waiting >= perClient || len(a.waiters) >= (perClient+1)/2 ||
		(q.waiting >= q.capacity && !q.makeWay(c.waiting)) {
		q.refused++
		return nil
	}
	if c.waiting == 0 {
		q.clients = append(q.clients, c)
	}
	if len(a.waiters) == 0 {
		c.accounts = append(c.accounts, a)
	}
	w := &waiter{requester: r, ready: make(chan struct{})}
	a.waiters = append(a.waiters, w)
	c.waiting++
	q.waiting++
	q.waits++
	return w
}

// makeWay removes the newest waiter of the largest account of the client with the most waiters, if
// this client has more than one above the given number. It reports whether it did.
func (q *queue) makeWay(waiting int) bool {
	var largest *clientQueue
	for _, c := range q.clients {
		if largest == nil || c.waiting > largest.waiting {
			largest = c
		}
	}
	if largest == nil || largest.waiting <= waiting+1 {
		return false
	}
	account := slices.MaxFunc(largest.accounts, func(a, b *accountQueue) int { return len(a.waiters) - len(b.waiters) })
	w := account.waiters[len(account.waiters)-1]
	q.remove(w)
	q.refused++
	w.gaveWay = true
	close(w.ready)
	return true
}

// remove removes a waiter, and reports whether it was in the queue.
func (q *queue) remove(w *waiter) bool {
	c, a := q.find(w.requester)
	i := slices.Index(a.waiters, w)
	if i < 0 {
		return false
	}
	a.waiters = slices.Delete(a.waiters, i, i+1)
	c.waiting--
	q.waiting--
	if len(a.waiters) == 0 {
		c.accounts = slices.DeleteFunc(c.accounts, func(other *accountQueue) bool { return other == a })
	}
	if c.waiting == 0 {
		q.clients = slices.DeleteFunc(q.clients, func(other *clientQueue) bool { return other == c })
	}
	return true
}

// find returns the queues of a requester. One that the queue does not have is new and empty.
func (q *queue) find(r Requester) (c *clientQueue, a *accountQueue) {
	c, a = &clientQueue{client: r.Client}, &accountQueue{account: r.Account}
	if i := slices.IndexFunc(q.clients, func(c *clientQueue) bool { return c.client == r.Client }); i >= 0 {
		c = q.clients[i]
	}
	if i := slices.IndexFunc(c.accounts, func(a *accountQueue) bool { return a.account == r.Account }); i >= 0 {
		a = c.accounts[i]
	}
	return c, a
}
