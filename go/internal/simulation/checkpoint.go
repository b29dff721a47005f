package simulation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"example.com/triglot/go/internal/kernel"
	"example.com/triglot/go/internal/store"
	riskv1 "example.com/triglot/go/risk/v1"
)

const (
	// checkpointInterval is how much work the death of a worker may cost.
	checkpointInterval = time.Second
	// checkpointPause is how many times longer than a checkpoint takes the simulation goes on before the next
	// one: a checkpoint grows with its shard and waits for the store, and should cost a few percent at most.
	checkpointPause = 20
)

// checkpoints keeps the partial shards of one attempt in the store, and its heartbeats say where.
type checkpoints struct {
	objects *store.Store
	now     func() time.Time
	deliver func(context.Context, *riskv1.ShardCheckpoint) error
	beats   *heartbeats
	first   int64 // where this attempt began
	end     int64
	started time.Time
	due     time.Time
}

func (a *Activities) newCheckpoints(scenarios kernel.Range, beats *heartbeats) *checkpoints {
	first, started := scenarios.First, a.now()
	if latest := beats.carried(); latest != nil {
		first = latest.GetNextScenario()
	}
	return &checkpoints{
		objects: a.objects,
		now:     a.now,
		deliver: a.deliver,
		beats:   beats,
		first:   first,
		end:     scenarios.First + scenarios.Count,
		started: started,
		due:     started.Add(checkpointInterval),
	}
}

// checkIn makes a checkpoint where one is due, and says when to give up.
func (c *checkpoints) checkIn(ctx context.Context, progress kernel.Progress) error {
	logger := activity.GetLogger(ctx)
	if ctx.Err() != nil {
		logger.Info("giving up", "next_scenario", progress.Next, "cause", context.Cause(ctx))
		return ctx.Err()
	}
	stopping := workerStops(ctx)
	if now := c.now(); stopping || c.isDue(now, progress.Next) {
		if err := c.save(ctx, now, progress); err != nil {
			return err
		}
	}
	if stopping {
		c.handOver(ctx)
		return errWorkerStopping
	}
	return nil
}

// handOver waits until the server has the checkpoint. A heartbeat alone does not do: the SDK (1.50) sends what it
// holds back when the worker begins to stop with the activity's context, which ends when the activity returns.
func (c *checkpoints) handOver(ctx context.Context) {
	logger := activity.GetLogger(ctx)
	latest := c.beats.carried()
	if latest == nil {
		return
	}
	// The SDK may be holding back an older one, and send it late: its batching lets go of its lock between taking
	// details and sending them. The second heartbeat comes after that, and so does what is delivered then.
	for range 2 {
		c.beats.beat()
		if err := c.deliver(ctx, latest); err != nil {
			logger.Warn("the checkpoint may not have arrived", "error", err)
		}
	}
	logger.Info("handing over", "next_scenario", latest.GetNextScenario())
}

// deliver sends a heartbeat at once.
func deliver(ctx context.Context, checkpoint *riskv1.ShardCheckpoint) error {
	return activity.GetClient(ctx).RecordActivityHeartbeat(ctx, activity.GetInfo(ctx).TaskToken, checkpoint)
}

// isDue spares what would take no longer to simulate again than to the next checkpoint.
func (c *checkpoints) isDue(now time.Time, next int64) bool {
	if now.Before(c.due) {
		return false
	}
	left := float64(c.end-next) / float64(next-c.first) * float64(now.Sub(c.started))
	return left >= float64(checkpointInterval)
}

// save makes a checkpoint. Where the store fails, the one before stays: that costs time at worst.
func (c *checkpoints) save(ctx context.Context, began time.Time, progress kernel.Progress) error {
	partial, err := progress.Snapshot()
	if err != nil {
		return err
	}
	ref, err := c.objects.PutMessage(ctx, ShardMessage(partial))
	if err != nil {
		activity.GetLogger(ctx).Warn("no checkpoint", "next_scenario", progress.Next, "error", err)
	} else {
		c.beats.carry(&riskv1.ShardCheckpoint{NextScenario: progress.Next, Partial: ref})
	}
	ended := c.now()
	c.due = ended.Add(max(checkpointInterval, checkpointPause*ended.Sub(began)))
	return nil
}

func workerStops(ctx context.Context) bool {
	select {
	case <-activity.GetWorkerStopChannel(ctx):
		return true
	default:
		return false
	}
}

// readCheckpoint is what the attempt before has left; nil where that is nothing.
func readCheckpoint(ctx context.Context) *riskv1.ShardCheckpoint {
	if !activity.HasHeartbeatDetails(ctx) {
		return nil
	}
	checkpoint := &riskv1.ShardCheckpoint{}
	if err := activity.GetHeartbeatDetails(ctx, &checkpoint); err != nil {
		logStartingOver(ctx, err)
		return nil
	}
	return checkpoint
}

// lastPartial is the shard that the last checkpoint names. It is nil where there is none or it is not usable, since
// starting over loses only time; then heartbeats carry the checkpoint no longer. An error leaves it to the next attempt.
func (a *Activities) lastPartial(
	ctx context.Context, model *kernel.Model, scenarios kernel.Range, beats *heartbeats,
) (*kernel.Shard, error) {
	checkpoint := beats.carried()
	if checkpoint == nil {
		return nil, nil
	}
	partial, err := a.loadPartial(ctx, model, scenarios, checkpoint)
	switch {
	case err == nil:
		activity.GetLogger(ctx).Info("resuming",
			"first_scenario", checkpoint.GetNextScenario(), "shard_first", scenarios.First)
		return partial, nil
	case ctx.Err() != nil || errors.Is(err, store.ErrUnavailable):
		// It says nothing about the checkpoint.
		return nil, err
	default:
		logStartingOver(ctx, err)
		beats.carry(nil)
		return nil, nil
	}
}

func logStartingOver(ctx context.Context, err error) {
	activity.GetLogger(ctx).Warn("starting over: the checkpoint is not usable", "error", err)
}

func (a *Activities) loadPartial(
	ctx context.Context, model *kernel.Model, scenarios kernel.Range, checkpoint *riskv1.ShardCheckpoint,
) (*kernel.Shard, error) {
	message := &riskv1.Shard{}
	if err := a.objects.GetMessage(ctx, checkpoint.GetPartial(), message); err != nil {
		return nil, err
	}
	partial := shardOf(message)
	if next := checkpoint.GetNextScenario(); next != scenarios.First+partial.Count {
		return nil, fmt.Errorf("%d scenarios from %d on do not end before %d",
			partial.Count, scenarios.First, next)
	}
	return partial, model.CheckPartial(scenarios, partial)
}
