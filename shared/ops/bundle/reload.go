package bundle

import (
	"context"
	"os"
	"time"
)

const reloadInterval = 200 * time.Millisecond

// Reload restarts each function whose program is replaced in Options.Binaries, until ctx is done. It
// calls restarted with the function's area when the new program is ready, or with the reason why it is
// not. A program must be replaced by a rename, so that it is never seen half written. Requests wait
// meanwhile, as the bundle holds the functions' sockets. The bundle must have been started.
func (b *Bundle) Reload(ctx context.Context, restarted func(area string, err error)) {
	tick := time.NewTicker(reloadInterval)
	defer tick.Stop()
	programs := make(map[string]os.FileInfo)
	for {
		for _, u := range b.Functions {
			before := programs[u.Name]
			now, err := os.Stat(u.Binary)
			if err != nil {
				continue
			}
			if programs[u.Name] = now; before == nil || os.SameFile(before, now) {
				continue
			}
			u.Stop(stopTimeout)
			if err = u.Start(); err == nil {
				err = u.AwaitReady(ctx, readyTimeout)
			}
			restarted(u.Name, err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
