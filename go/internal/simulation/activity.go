// Package simulation is the activity around the kernel: load the model, simulate, store the shard.
package simulation

import (
	"context"
	"time"

	"example.com/triglot/go/internal/kernel"
	"example.com/triglot/go/internal/store"
	riskv1 "example.com/triglot/go/risk/v1"
	storev1 "example.com/triglot/go/store/v1"
)

// cachedModels is how many models a worker keeps: a report uses one, and few run at a time.
const cachedModels = 4

// Activities implements the contract's SimulationService.
type Activities struct {
	objects *store.Store
	models  *store.Cache[*kernel.Model]
	now     func() time.Time
	deliver func(context.Context, *riskv1.ShardCheckpoint) error
}

// NewActivities makes the activities of a worker.
func NewActivities(objects *store.Store) *Activities {
	return &Activities{
		objects: objects,
		models:  store.NewCache[*kernel.Model](cachedModels),
		now:     time.Now,
		deliver: deliver,
	}
}

// SimulateShard simulates one range of scenarios, from where the attempt before stopped, and stores the shard.
func (a *Activities) SimulateShard(
	ctx context.Context, request *riskv1.SimulateShardRequest,
) (*riskv1.SimulateShardResponse, error) {
	response, err := a.simulateShard(ctx, request)
	if err != nil {
		return nil, contractError(ctx, err)
	}
	return response, nil
}

func (a *Activities) simulateShard(
	ctx context.Context, request *riskv1.SimulateShardRequest,
) (*riskv1.SimulateShardResponse, error) {
	beats := newHeartbeats(ctx)
	beats.carry(readCheckpoint(ctx))
	defer beats.keepUp(HeartbeatInterval)()
	model, err := a.models.Get(request.GetSpec().GetSha256(), func() (*kernel.Model, error) {
		return a.loadModel(ctx, request.GetSpec())
	})
	if err != nil {
		return nil, err
	}
	shard, cpuTime, err := MeasureCPUTime(func() (*kernel.Shard, error) {
		return a.simulate(ctx, model, Range(request.GetRange()), beats)
	})
	if err != nil {
		return nil, err
	}
	ref, err := a.objects.PutMessage(ctx, ShardMessage(shard))
	if err != nil {
		return nil, err
	}
	return &riskv1.SimulateShardResponse{
		Shard:         ref,
		ScenarioCount: shard.Count,
		Digest:        shard.Digest(),
		Provenance:    provenance(cpuTime),
	}, nil
}

func (a *Activities) simulate(
	ctx context.Context, model *kernel.Model, scenarios kernel.Range, beats *heartbeats,
) (*kernel.Shard, error) {
	partial, err := a.lastPartial(ctx, model, scenarios, beats)
	if err != nil {
		return nil, err
	}
	progress := a.newCheckpoints(scenarios, beats)
	return model.Resume(scenarios, partial, func(reached kernel.Progress) error {
		return progress.checkIn(ctx, reached)
	})
}

func (a *Activities) loadModel(ctx context.Context, ref *storev1.ObjectRef) (*kernel.Model, error) {
	spec := &riskv1.SimulationSpec{}
	if err := a.objects.GetMessage(ctx, ref, spec); err != nil {
		return nil, err
	}
	return NewModel(spec)
}
