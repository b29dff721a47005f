package simulation

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	riskv1 "example.com/triglot/go/risk/v1"
)

// HeartbeatInterval is how soon a shard learns of its cancellation, which comes with a heartbeat's reply alone. Each
// heartbeat costs server and worker a few milliseconds of CPU.
const HeartbeatInterval = 500 * time.Millisecond

// heartbeats tell the server that an attempt lives, also while it loads, sorts or stores: with hundreds of millions
// of scenarios each of these takes seconds. They go out beside the simulation, which a server that is slow to answer
// would hold up. Every heartbeat carries the latest checkpoint, since the server keeps
// the last one's alone.
type heartbeats struct {
	record func(*riskv1.ShardCheckpoint)

	mutex  sync.Mutex // held while recording, so that none goes out after a newer one
	latest *riskv1.ShardCheckpoint
}

func newHeartbeats(ctx context.Context) *heartbeats {
	return &heartbeats{record: func(latest *riskv1.ShardCheckpoint) {
		if latest == nil {
			activity.RecordHeartbeat(ctx)
		} else {
			activity.RecordHeartbeat(ctx, latest)
		}
	}}
}

// keepUp beats until the returned function is called, and that waits for the last beat.
func (h *heartbeats) keepUp(interval time.Duration) (stop func()) {
	done := make(chan struct{})
	var beating sync.WaitGroup
	beating.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				h.beat()
			}
		}
	})
	return func() {
		close(done)
		beating.Wait()
	}
}

// beat sends a heartbeat; the SDK thins them out.
func (h *heartbeats) beat() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.record(h.latest)
}

// carry makes a checkpoint, or nil, what heartbeats carry from now on.
func (h *heartbeats) carry(checkpoint *riskv1.ShardCheckpoint) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.latest = checkpoint
}

// carried is nil where there is no checkpoint.
func (h *heartbeats) carried() *riskv1.ShardCheckpoint {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.latest
}
