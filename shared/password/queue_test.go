package password

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"minifb/shared/apperror"
)

// A blocked is a queue without a free slot, whose waiters are served one by one.
type blocked struct {
	t *testing.T
	*queue
	served  chan string // by their requesters
	refused chan string
	ctx     context.Context
}

func newBlocked(t *testing.T, capacity int) *blocked {
	return &blocked{t, &queue{capacity: capacity}, make(chan string, 1000), make(chan string, 1000), t.Context()}
}

// wait lets a number of requests wait, one after another, in a bubble of synctest.
func (b *blocked) wait(client, account string, requests int) {
	for range requests {
		go func() {
			if err := b.acquire(b.ctx, Requester{client, account}); err != nil {
				b.refused <- client + account
				return
			}
			b.served <- client + account
		}()
		synctest.Wait()
	}
}

// serve gives this many waiters a slot, and returns who got it.
func (b *blocked) serve(slots int) (served []string) {
	for range slots {
		b.release()
		synctest.Wait()
		served = append(served, <-b.served)
	}
	return served
}

func (b *blocked) check(what string, got, want int) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("%s: %d, want %d", what, got, want)
	}
}

func TestQueueState(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBlocked(t, 4)
		ctx, cancel := context.WithCancel(t.Context())
		b.ctx = ctx
		b.wait("first", "a", 2) // the second finds no place
		b.wait("first", "b", 1)
		b.wait("second", "a", 1)
		if got, want := b.state(), (QueueState{Waiting: 3, Waits: 3, Refused: 1}); got != want {
			t.Errorf("while three wait: %+v, want %+v", got, want)
		}
		b.serve(1)
		cancel()
		synctest.Wait()
		if got, want := b.state(), (QueueState{Waits: 3, Refused: 3}); got != want {
			t.Errorf("after one was served and two gave up: %+v, want %+v", got, want)
		}
	})
}

// 140 waiting requests of one address once made all requests of others fail.
func TestOneClientCannotFillTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBlocked(t, 128)
		for i := range 140 {
			b.wait("attacker", fmt.Sprint(i), 1)
		}
		b.check("the attacker's waiting requests", b.waiting, 64)
		for i := range 16 {
			b.wait("owner", fmt.Sprint(i), 1)
		}
		b.check("all waiting requests", b.waiting, 80)
		served := b.serve(32)
		owners := 0
		for i, s := range served {
			if s == fmt.Sprint("owner", i/2) {
				owners++
			}
		}
		b.check("requests of the owner that were served, every other one", owners, 16)
		b.serve(48)
		b.check("refused requests", len(b.refused), 140-64)
		b.check("waiting requests at the end", b.waiting, 0)
	})
}

func TestOneAccountCannotFillItsClientsShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBlocked(t, 128)
		b.wait("office", "attacked", 100)
		b.check("waiting requests for one account", b.waiting, 32)
		b.wait("office", "ann", 1)
		b.wait("office", "eve", 2)
		want := []string{"officeattacked", "officeann", "officeeve", "officeattacked", "officeeve", "officeattacked"}
		if served := b.serve(6); !slices.Equal(served, want) {
			t.Errorf("served %v, want %v", served, want)
		}
		b.serve(29)
	})
}

// An attacker with many addresses may fill the queue, but not keep another client out.
func TestManyClientsCannotKeepAnotherOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBlocked(t, 16)
		for client := range 4 {
			b.wait(fmt.Sprint("attacker", client, " "), "x", 4)
		}
		b.check("waiting requests", b.waiting, 16)
		b.wait("owner", "", 3)
		b.check("waiting requests, with the owner's", b.waiting, 16)
		b.check("requests that gave way", len(b.refused), 3)
		b.wait("owner", "", 1) // as many as the others: no one gives way
		b.check("refused requests", len(b.refused), 4)
		served := b.serve(5)
		if served[4] != "owner" {
			t.Errorf("served %v, want the owner after a turn of each attacker", served)
		}
		b.serve(11)
	})
}

// A queue that each client fills with one request is full for everybody.
func TestFullQueueRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBlocked(t, 8)
		for client := range 9 {
			b.wait(fmt.Sprint(client), "", 1)
		}
		b.check("refused requests", len(b.refused), 1)
		if refused := <-b.refused; refused != "8" {
			t.Errorf("%s is refused, want the last", refused)
		}
		b.serve(8)
	})
}

func TestGivenUpRequestsLeaveTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBlocked(t, 128)
		ctx, cancel := context.WithCancel(t.Context())
		b.ctx = ctx
		b.wait("gone", "a", 3)
		b.ctx = t.Context()
		b.wait("there", "a", 1)
		cancel()
		synctest.Wait()
		b.check("waiting requests", b.waiting, 1)
		if served := b.serve(1); served[0] != "therea" {
			t.Errorf("served %v", served)
		}
		b.release()
		b.check("free slots", b.free, 1)
		b.check("queues of clients", len(b.clients), 0)
	})
}

// No slot is lost or doubled, whoever gives up when.
func TestSlotsAreNeitherLostNorDoubled(t *testing.T) {
	t.Parallel()
	const slots = 3
	q := &queue{free: slots, capacity: 20}
	var all sync.WaitGroup
	var mu sync.Mutex
	running := 0
	count := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		if running += n; running > slots {
			t.Errorf("%d run at once", running)
		}
	}
	for i := range 60 {
		all.Go(func() {
			for round := range 200 {
				ctx, cancel := context.WithCancel(t.Context())
				if (i+round)%3 == 0 {
					go cancel()
				}
				err := q.acquire(ctx, Requester{fmt.Sprint(i % 7), fmt.Sprint(round % 3)})
				if err == nil {
					count(1)
					count(-1)
					q.release()
				} else if e, ok := apperror.From(err); !ok || e.Code != apperror.Unavailable {
					t.Error(err)
				}
				cancel()
			}
		})
	}
	all.Wait()
	if q.free != slots || q.waiting != 0 || len(q.clients) != 0 {
		t.Errorf("at the end %d slots are free, %d wait in %d queues", q.free, q.waiting, len(q.clients))
	}
}

func TestZeroHasherRefusesEveryCall(t *testing.T) {
	t.Parallel()
	for name, call := range hashingCalls(new(Hasher)) {
		if e, ok := apperror.From(call(t.Context(), Requester{})); !ok || e.Code != apperror.Unavailable {
			t.Errorf("%s: %v", name, e)
		}
	}
}
