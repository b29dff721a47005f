package simulation_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/worker"
	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/proto"

	"example.com/triglot/go/contract"
	"example.com/triglot/go/internal/kernel"
	"example.com/triglot/go/internal/simulation"
	riskv1 "example.com/triglot/go/risk/v1"
)

const deadline = 20 * time.Second

// hang makes an object a pipe that nobody writes into, so that reading it does not end before release.
func (f *fixture) hang(t *testing.T, path string) (release func()) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return func() {
		// For reading too, because opening for writing alone waits for a reader.
		pipe, err := os.OpenFile(path, os.O_RDWR, 0)
		if err == nil {
			err = pipe.Close()
		}
		if err != nil {
			t.Error(err)
		}
	}
}

func TestActivityHeartbeatsWhileTheStoreIsSlow(t *testing.T) {
	f := newFixture(t)
	request := f.blocksRequest(t)
	checkpoint := f.handOver(t, request)
	f.environment.SetHeartbeatDetails(checkpoint)
	beats := make(chan *riskv1.ShardCheckpoint, 1)
	f.environment.SetOnActivityHeartbeatListener(func(_ *activity.Info, details converter.EncodedValues) {
		beat := &riskv1.ShardCheckpoint{}
		err := errors.New("it carries nothing")
		if details.HasValues() {
			err = details.Get(&beat)
		}
		if err != nil {
			t.Errorf("heartbeat: %v", err)
		}
		select {
		case beats <- beat:
		default:
		}
	})
	release := f.hang(t, f.path(checkpoint.Partial))
	ended := make(chan error, 1)
	go func() {
		_, err := f.simulate(request)
		ended <- err
	}()
	select {
	case beat := <-beats:
		if !proto.Equal(beat, checkpoint) {
			t.Errorf("heartbeat = %v; want %v, which the server would forget otherwise", beat, checkpoint)
		}
	case err := <-ended:
		t.Fatalf("the activity ended before its store: %v", err)
	case <-time.After(deadline):
		t.Errorf("no heartbeat within %v while the store is slow", deadline)
	}
	release()
	<-ended
}

func TestCancellationWhileACheckpointLoadsKeepsIt(t *testing.T) {
	f := newFixture(t)
	request := f.blocksRequest(t)
	checkpoint := f.handOver(t, request)
	f.environment.SetHeartbeatDetails(checkpoint)
	f.environment.SetWorkerStopChannel(make(chan struct{}))
	ctx, cancel := context.WithCancel(t.Context())
	f.environment.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	f.environment.SetOnActivityHeartbeatListener(func(*activity.Info, converter.EncodedValues) { cancel() })
	release := f.hang(t, f.path(checkpoint.Partial))
	go func() {
		<-ctx.Done()
		release()
	}()
	f.log.Reset()
	_, err := f.simulate(request)
	if got := applicationError(t, err).Type(); got != contract.Interrupted {
		t.Errorf("error = %v; want %s", err, contract.Interrupted)
	}
	// Who says so has heartbeats carry the checkpoint no longer.
	if log := f.log.String(); strings.Contains(log, "starting over") {
		t.Errorf("log = %s", log)
	}
}

func TestHeartbeatsCarryTheLatestCheckpointUntilTheyStop(t *testing.T) {
	recorded := make(chan *riskv1.ShardCheckpoint)
	beats := simulation.NewTestHeartbeats(func(latest *riskv1.ShardCheckpoint) { recorded <- latest })
	next := func() *riskv1.ShardCheckpoint {
		select {
		case latest := <-recorded:
			return latest
		case <-time.After(deadline):
			t.Fatalf("no heartbeat within %v", deadline)
			return nil
		}
	}
	stop := beats.KeepUp(time.Millisecond)
	if got := next(); got != nil {
		t.Errorf("heartbeat = %v; want none carried", got)
	}
	checkpoint := &riskv1.ShardCheckpoint{NextScenario: kernel.BlockScenarios}
	carried := make(chan struct{})
	go func() {
		beats.Carry(checkpoint)
		close(carried)
	}()
	for got := next(); got != checkpoint; got = next() {
		if got != nil {
			t.Fatalf("heartbeat = %v; want %v", got, checkpoint)
		}
	}
	<-carried
	if got := next(); got != checkpoint {
		t.Errorf("heartbeat = %v; want %v again", got, checkpoint)
	}
	stopped := make(chan struct{})
	go func() {
		stop()
		close(recorded)
		close(stopped)
	}()
	// A beat after stop would panic, for its channel is closed.
	for range recorded {
	}
	<-stopped
}
