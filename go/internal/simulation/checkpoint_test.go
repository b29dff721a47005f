package simulation_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"

	"example.com/triglot/go/contract"
	"example.com/triglot/go/internal/kernel"
	"example.com/triglot/go/internal/simulation"
	riskv1 "example.com/triglot/go/risk/v1"
	storev1 "example.com/triglot/go/store/v1"
)

// blocks is how many blocks the shards of these tests have; with the clock of a test each takes its time.
const blocks = 8

func (f *fixture) blocksRequest(t *testing.T) *riskv1.SimulateShardRequest {
	t.Helper()
	return f.request(t, blocks*kernel.BlockScenarios)
}

func (f *fixture) shard(t *testing.T, first, count int64) *kernel.Shard {
	t.Helper()
	model, err := simulation.NewModel(spec())
	if err != nil {
		t.Fatal(err)
	}
	shard, err := model.Simulate(kernel.Range{First: first, Count: count},
		func(kernel.Progress) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	return shard
}

// heartbeats are the checkpoints that the server was told of, in order.
func (f *fixture) heartbeats(t *testing.T) func() []*riskv1.ShardCheckpoint {
	t.Helper()
	var mutex sync.Mutex
	var seen []*riskv1.ShardCheckpoint
	f.environment.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		mutex.Lock()
		defer mutex.Unlock()
		if !details.HasValues() {
			return
		}
		checkpoint := &riskv1.ShardCheckpoint{}
		if err := details.Get(&checkpoint); err != nil {
			t.Error(err)
			return
		}
		seen = append(seen, checkpoint)
	})
	return func() []*riskv1.ShardCheckpoint {
		mutex.Lock()
		defer mutex.Unlock()
		return seen
	}
}

// handOver runs an attempt that stops after one block, and returns what it left.
func (f *fixture) handOver(t *testing.T, request *riskv1.SimulateShardRequest) *riskv1.ShardCheckpoint {
	t.Helper()
	heartbeats := f.heartbeats(t)
	stopping := make(chan struct{})
	close(stopping)
	f.environment.SetWorkerStopChannel(stopping)
	_, err := f.simulate(request)
	if got := applicationError(t, err).Type(); got != contract.Interrupted {
		t.Fatalf("error = %v; want %s", err, contract.Interrupted)
	}
	// What the SDK may still have held back must be no other.
	left := heartbeats()
	if len(left) == 0 || !proto.Equal(left[len(left)-1], f.delivered) {
		t.Fatalf("heartbeats = %v; want %v last", left, f.delivered)
	}
	return f.delivered
}

func TestUndeliveredCheckpointHandsTheTaskBackAllTheSame(t *testing.T) {
	f := newFixture(t)
	f.activities.SetDelivery(func(checkpoint *riskv1.ShardCheckpoint) error {
		f.delivered = checkpoint
		return errors.New("no server")
	})
	f.handOver(t, f.blocksRequest(t))
	if log := f.log.String(); !strings.Contains(log, `level=WARN msg="the checkpoint may not have arrived"`) {
		t.Errorf("log = %s", log)
	}
}

func TestStoppingWorkerLeavesACheckpoint(t *testing.T) {
	f := newFixture(t)
	checkpoint := f.handOver(t, f.blocksRequest(t))
	want := f.shard(t, 1000, kernel.BlockScenarios)
	if checkpoint.NextScenario != 1000+kernel.BlockScenarios {
		t.Errorf("next scenario = %d; want %d", checkpoint.NextScenario, 1000+kernel.BlockScenarios)
	}
	partial := &riskv1.Shard{}
	if err := f.objects.GetMessage(t.Context(), checkpoint.Partial, partial); err != nil {
		t.Fatal(err)
	}
	if partial.ScenarioCount != want.Count || partial.Bitsum != want.Bitsum {
		t.Errorf("partial = %d scenarios, %x; want %d, %x",
			partial.ScenarioCount, partial.Bitsum, want.Count, want.Bitsum)
	}
	if !strings.Contains(f.log.String(), `msg="handing over"`) {
		t.Errorf("log = %s", f.log)
	}
}

func TestAttemptsGoOnFromEachOther(t *testing.T) {
	f := newFixture(t)
	request := f.blocksRequest(t)
	for stops := int64(1); stops <= 3; stops++ {
		checkpoint := f.handOver(t, request)
		if want := 1000 + stops*kernel.BlockScenarios; checkpoint.NextScenario != want {
			t.Fatalf("next scenario after %d stops = %d; want %d", stops, checkpoint.NextScenario, want)
		}
		f.environment.SetHeartbeatDetails(checkpoint)
	}
	f.log.Reset()
	f.requireWholeShard(t, request)
	if log := f.log.String(); !strings.Contains(log, "level=INFO msg=resuming") ||
		!strings.Contains(log, "first_scenario=197608 shard_first=1000") || !strings.Contains(log, "Attempt=") {
		t.Errorf("log = %s", log)
	}
}

// requireWholeShard runs an attempt to its end.
func (f *fixture) requireWholeShard(t *testing.T, request *riskv1.SimulateShardRequest) {
	t.Helper()
	f.environment.SetWorkerStopChannel(make(chan struct{}))
	response, err := f.simulate(request)
	if err != nil {
		t.Fatal(err)
	}
	want := f.shard(t, request.Range.First, request.Range.Count)
	if response.ScenarioCount != want.Count || response.Digest != want.Digest() {
		t.Errorf("count, digest = %d, %s; want %d, %s",
			response.ScenarioCount, response.Digest, want.Count, want.Digest())
	}
}

func TestUnusableCheckpointStartsOver(t *testing.T) {
	const next = 1000 + kernel.BlockScenarios
	partial := func(f *fixture, t *testing.T, first, count int64) *storev1.ObjectRef {
		return f.put(t, simulation.ShardMessage(f.shard(t, first, count)))
	}
	cases := []struct {
		name    string
		details func(f *fixture, t *testing.T) any
	}{
		{"missing", func(f *fixture, t *testing.T) any {
			ref := partial(f, t, 1000, kernel.BlockScenarios)
			if err := os.Remove(f.path(ref)); err != nil {
				t.Fatal(err)
			}
			return &riskv1.ShardCheckpoint{NextScenario: next, Partial: ref}
		}},
		{"corrupt", func(f *fixture, t *testing.T) any {
			ref := partial(f, t, 1000, kernel.BlockScenarios)
			if err := os.Truncate(f.path(ref), 100); err != nil {
				t.Fatal(err)
			}
			return &riskv1.ShardCheckpoint{NextScenario: next, Partial: ref}
		}},
		{"another count", func(f *fixture, t *testing.T) any {
			return &riskv1.ShardCheckpoint{NextScenario: next, Partial: partial(f, t, 1000, kernel.BlockScenarios-1)}
		}},
		{"other scenarios", func(f *fixture, t *testing.T) any {
			return &riskv1.ShardCheckpoint{NextScenario: next, Partial: partial(f, t, 0, kernel.BlockScenarios)}
		}},
		{"the whole shard", func(f *fixture, t *testing.T) any {
			return &riskv1.ShardCheckpoint{
				NextScenario: 1000 + blocks*kernel.BlockScenarios,
				Partial:      partial(f, t, 1000, blocks*kernel.BlockScenarios),
			}
		}},
		{"another message", func(f *fixture, t *testing.T) any {
			return &riskv1.ShardCheckpoint{NextScenario: next, Partial: f.put(t, spec())}
		}},
		{"no reference", func(*fixture, *testing.T) any { return &riskv1.ShardCheckpoint{NextScenario: next} }},
		{"no checkpoint", func(*fixture, *testing.T) any { return "details of another kind" }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			f.environment.SetHeartbeatDetails(c.details(f, t))
			heartbeats := f.heartbeats(t)
			f.requireWholeShard(t, f.blocksRequest(t))
			if log := f.log.String(); !strings.Contains(log, `level=WARN msg="starting over`) ||
				strings.Contains(log, "msg=resuming") {
				t.Errorf("log = %s", log)
			}
			if seen := heartbeats(); len(seen) != 0 {
				t.Errorf("heartbeats = %v; want none with the checkpoint that is no good", seen)
			}
		})
	}
}

func TestUnavailableStoreLeavesTheCheckpointToTheNextAttempt(t *testing.T) {
	f := newFixture(t)
	request := f.blocksRequest(t)
	checkpoint := f.handOver(t, request)
	f.environment.SetHeartbeatDetails(checkpoint)
	heartbeats := f.heartbeats(t)
	folder := filepath.Dir(f.path(checkpoint.Partial))
	// Not even root reads below a file.
	if err := errors.Join(os.Rename(folder, folder+".away"), os.WriteFile(folder, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	f.log.Reset()
	_, err := f.simulate(request)
	if got := applicationError(t, err); got.Type() != contract.StoreUnavailable || got.NonRetryable() {
		t.Errorf("error = %v; want a retryable %s", err, contract.StoreUnavailable)
	}
	if log := f.log.String(); strings.Contains(log, "starting over") {
		t.Errorf("log = %s", log)
	}
	requireAll(t, heartbeats(), checkpoint)
	if err := errors.Join(os.Remove(folder), os.Rename(folder+".away", folder)); err != nil {
		t.Fatal(err)
	}
	f.requireWholeShard(t, request)
	if log := f.log.String(); !strings.Contains(log, "msg=resuming") {
		t.Errorf("log = %s", log)
	}
}

// requireAll checks that no heartbeat made the server forget a checkpoint.
func requireAll(t *testing.T, heartbeats []*riskv1.ShardCheckpoint, checkpoint *riskv1.ShardCheckpoint) {
	t.Helper()
	for _, beat := range heartbeats {
		if !proto.Equal(beat, checkpoint) {
			t.Errorf("heartbeat = %v; want %v", beat, checkpoint)
		}
	}
}

func TestAttemptWithoutACheckpointLogsNothing(t *testing.T) {
	cases := map[string]func(*fixture){
		"the first": func(*fixture) {},
		// Which carry null before there is a checkpoint.
		"after TypeScript's heartbeats": func(f *fixture) { f.environment.SetHeartbeatDetails(nil) },
	}
	for name, left := range cases {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			left(f)
			f.requireWholeShard(t, f.blocksRequest(t))
			if f.log.Len() > 0 {
				t.Errorf("log = %s", f.log)
			}
		})
	}
}

// The clock goes on by a time with each block, and by another while a checkpoint is saved.
func TestCheckpointsAreAboutASecondApart(t *testing.T) {
	cases := []struct {
		name        string
		block, save time.Duration
		want        int
	}{
		{"a block a second", time.Second, 0, 7},
		{"two blocks a second", time.Second / 2, 0, 3},
		{"saving takes too long to do it again", time.Second, time.Second, 1},
		{"the whole shard takes less than a second", time.Second / 10, 0, 0},
		{"little is left after a second", time.Second / 5, 0, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			now, saved := time.Unix(0, 0), f.countObjects(t)+1 // the spec
			f.activities.SetClock(func() time.Time {
				if objects := f.countObjects(t); objects > saved {
					saved = objects
					now = now.Add(c.save)
				} else {
					now = now.Add(c.block)
				}
				return now
			})
			f.requireWholeShard(t, f.blocksRequest(t))
			if got := f.countObjects(t) - 2; got != c.want { // the spec and the shard
				t.Errorf("%d checkpoints; want %d", got, c.want)
			}
		})
	}
}

func TestStoreThatFailsCostsACheckpointOnly(t *testing.T) {
	f := newFixture(t)
	request := f.blocksRequest(t)
	first := f.put(t, simulation.ShardMessage(f.shard(t, 1000, kernel.BlockScenarios)))
	if err := os.Remove(f.path(first)); err != nil {
		t.Fatal(err)
	}
	// Not even root writes into a folder that is a file.
	if err := os.Remove(filepath.Dir(f.path(first))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Dir(f.path(first)), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Unix(0, 0)
	f.activities.SetClock(func() time.Time {
		now = now.Add(time.Second)
		return now
	})
	f.requireWholeShard(t, request)
	if log := f.log.String(); strings.Count(log, `level=WARN msg="no checkpoint"`) != 1 {
		t.Errorf("log = %s", log)
	}
}

func (f *fixture) path(ref *storev1.ObjectRef) string {
	return filepath.Join(f.folder, "sha256", ref.Sha256[:2], ref.Sha256)
}

func (f *fixture) countObjects(t *testing.T) int {
	t.Helper()
	objects, err := filepath.Glob(filepath.Join(f.folder, "sha256", "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(objects)
}
