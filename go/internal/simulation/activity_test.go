package simulation_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/proto"

	"example.com/triglot/go/contract"
	"example.com/triglot/go/internal/kernel"
	"example.com/triglot/go/internal/simulation"
	"example.com/triglot/go/internal/store"
	riskv1 "example.com/triglot/go/risk/v1"
	storev1 "example.com/triglot/go/store/v1"
)

// fixture is a worker's activities in a test environment, with a folder as store.
type fixture struct {
	environment *testsuite.TestActivityEnvironment
	activities  *simulation.Activities
	objects     *store.Store
	folder      string
	log         *bytes.Buffer
	delivered   *riskv1.ShardCheckpoint
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	folder := t.TempDir()
	objects, err := store.Open("file://" + folder)
	if err != nil {
		t.Fatal(err)
	}
	payloads, err := contract.NewDataConverter(contract.EncodingJSON)
	if err != nil {
		t.Fatal(err)
	}
	var suite testsuite.WorkflowTestSuite
	log := &bytes.Buffer{}
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.NewTextHandler(log, nil))))
	environment := suite.NewTestActivityEnvironment()
	environment.SetDataConverter(payloads)
	environment.SetFailureConverter(contract.NewFailureConverter(payloads))
	activities := simulation.NewActivities(objects)
	riskv1.RegisterSimulationServiceActivities(environment, activities)
	f := &fixture{environment, activities, objects, folder, log, nil}
	activities.SetDelivery(func(checkpoint *riskv1.ShardCheckpoint) error {
		f.delivered = checkpoint
		return nil
	})
	return f
}

func spec() *riskv1.SimulationSpec {
	return &riskv1.SimulationSpec{
		DayCount:       3,
		AssetCount:     2,
		GrowthFactors:  []float64{1.01, 0.99, 0.97, 1.02, 1.005, 1.001},
		ExposuresMinor: []int64{1_000_000, -250_000},
		HorizonDays:    5,
		BlockDays:      2,
		Seed:           42,
	}
}

func (f *fixture) put(t *testing.T, message proto.Message) *storev1.ObjectRef {
	t.Helper()
	ref, err := f.objects.PutMessage(t.Context(), message)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func (f *fixture) simulate(request any) (*riskv1.SimulateShardResponse, error) {
	value, err := f.environment.ExecuteActivity(riskv1.SimulationServiceSimulateShard, request)
	if err != nil {
		return nil, err
	}
	response := &riskv1.SimulateShardResponse{}
	return response, value.Get(&response)
}

func (f *fixture) request(t *testing.T, count int64) *riskv1.SimulateShardRequest {
	t.Helper()
	return &riskv1.SimulateShardRequest{
		Spec:  f.put(t, spec()),
		Range: &riskv1.ScenarioRange{First: 1000, Count: count},
	}
}

func applicationError(t *testing.T, err error) *temporal.ApplicationError {
	t.Helper()
	var application *temporal.ApplicationError
	if !errors.As(err, &application) {
		t.Fatalf("error = %v; want an application error", err)
	}
	return application
}

func TestActivityStoresTheKernelsShard(t *testing.T) {
	f := newFixture(t)
	response, err := f.simulate(f.request(t, 70_000))
	if err != nil {
		t.Fatal(err)
	}
	model, err := simulation.NewModel(spec())
	if err != nil {
		t.Fatal(err)
	}
	want, err := model.Simulate(kernel.Range{First: 1000, Count: 70_000}, func(kernel.Progress) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if response.ScenarioCount != 70_000 || response.Digest != want.Digest() {
		t.Errorf("count, digest = %d, %s; want %d, %s",
			response.ScenarioCount, response.Digest, want.Count, want.Digest())
	}
	stored := &riskv1.Shard{}
	if err := f.objects.GetMessage(t.Context(), response.Shard, stored); err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(stored, simulation.ShardMessage(want)) {
		t.Errorf("stored shard differs: %v", stored)
	}
}

func TestActivitySaysWhoDidTheWork(t *testing.T) {
	f := newFixture(t)
	response, err := f.simulate(f.request(t, 100_000))
	if err != nil {
		t.Fatal(err)
	}
	provenance := response.Provenance
	if provenance.Language != "go" || !strings.HasPrefix(provenance.Runtime, "go1.") ||
		provenance.WorkerVersion != simulation.Version {
		t.Errorf("provenance = %v", provenance)
	}
	if spent := provenance.CpuTime.AsDuration().Seconds(); spent < 1e-4 || spent > 60 {
		t.Errorf("CPU time = %v s", spent)
	}
	if err := contract.Validate(response); err != nil {
		t.Error(err)
	}
}

func TestActivityKeepsTheModel(t *testing.T) {
	f := newFixture(t)
	request := f.request(t, 10)
	if _, err := f.simulate(request); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(f.folder, "sha256")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.simulate(request); err != nil {
		t.Errorf("the second shard read the spec again: %v", err)
	}
}

func TestBadInputIsNotRetried(t *testing.T) {
	f := newFixture(t)
	infinite := spec()
	infinite.GrowthFactors[3] = math.Inf(1)
	misshapen := spec()
	misshapen.DayCount = 4
	valid := f.request(t, 10)
	cases := []struct {
		name    string
		request any
		want    string
	}{
		{"no range", &riskv1.SimulateShardRequest{Spec: valid.Spec}, "range: "},
		{"no request", nil, "expected triglot.risk.v1.SimulateShardRequest, got nothing"},
		{"infinite factor", &riskv1.SimulateShardRequest{Spec: f.put(t, infinite), Range: valid.Range},
			"growth_factors: day 1, asset 1 is +Inf"},
		{"wrong shape", &riskv1.SimulateShardRequest{Spec: f.put(t, misshapen), Range: valid.Range},
			"day_count x asset_count"},
		{"another message's reference",
			&riskv1.SimulateShardRequest{Spec: f.put(t, valid.Range), Range: valid.Range},
			"triglot.risk.v1.ScenarioRange"},
		{"plain JSON", map[string]any{"spec": nil}, "json/plain"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := f.simulate(c.request)
			application := applicationError(t, err)
			if application.Type() != contract.InvalidArgument || !application.NonRetryable() {
				t.Errorf("error = %v; want a non-retryable %s", application, contract.InvalidArgument)
			}
			if !strings.Contains(application.Message(), c.want) {
				t.Errorf("message = %q; want %q", application.Message(), c.want)
			}
			var details *validate.Violations
			if err := application.Details(&details); err != nil || len(details.GetViolations()) != 1 {
				t.Errorf("details = %v, %v; want one violation", details, err)
			}
		})
	}
}

func TestSpecThatBreaksTwoRulesIsToldBoth(t *testing.T) {
	f := newFixture(t)
	bad := spec()
	bad.HorizonDays, bad.BlockDays = 0, 0
	_, err := f.simulate(&riskv1.SimulateShardRequest{
		Spec: f.put(t, bad), Range: &riskv1.ScenarioRange{First: 0, Count: 10},
	})
	application := applicationError(t, err)
	var details *validate.Violations
	if err := application.Details(&details); err != nil || len(details.GetViolations()) != 2 {
		t.Errorf("details = %v, %v; want two violations", details, err)
	}
	for _, field := range []string{"horizon_days: ", "block_days: "} {
		if !strings.Contains(application.Message(), field) {
			t.Errorf("message = %q; want %q", application.Message(), field)
		}
	}
}

func TestStoreErrorsAreTypedAndRetryable(t *testing.T) {
	cases := []struct {
		name   string
		damage func(path string) error
		want   string
	}{
		{"missing", os.Remove, contract.ObjectNotFound},
		{"damaged", func(path string) error { return os.Truncate(path, 1) }, contract.ObjectCorrupt},
		{"below a file", func(path string) error {
			folder := filepath.Dir(path)
			return errors.Join(os.RemoveAll(folder), os.WriteFile(folder, nil, 0o600))
		}, contract.StoreUnavailable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t)
			request := f.request(t, 10)
			digest := request.Spec.Sha256
			if err := c.damage(filepath.Join(f.folder, "sha256", digest[:2], digest)); err != nil {
				t.Fatal(err)
			}
			_, err := f.simulate(request)
			application := applicationError(t, err)
			if application.Type() != c.want || application.NonRetryable() {
				t.Errorf("error = %v; want a retryable %s", application, c.want)
			}
		})
	}
}

func TestStoppingWorkerHandsTheTaskBack(t *testing.T) {
	f := newFixture(t)
	stopping := make(chan struct{})
	close(stopping)
	f.environment.SetWorkerStopChannel(stopping)
	_, err := f.simulate(f.request(t, 1<<32-1000))
	application := applicationError(t, err)
	if application.Type() != contract.Interrupted || application.NonRetryable() {
		t.Errorf("error = %v; want a retryable %s", application, contract.Interrupted)
	}
	if application.Category() != temporal.ApplicationErrorCategoryBenign {
		t.Errorf("category = %v; want benign", application.Category())
	}
}

func TestCancellationEndsTheSimulation(t *testing.T) {
	f := newFixture(t)
	ctx, cancel := context.WithCancel(t.Context())
	f.environment.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	f.environment.SetOnActivityHeartbeatListener(func(*activity.Info, converter.EncodedValues) { cancel() })
	_, err := f.simulate(f.request(t, 200_000_000))
	if got := applicationError(t, err).Type(); got != contract.Interrupted {
		t.Errorf("error = %v; want %s", err, contract.Interrupted)
	}
	// The outcome alone would be the same had it simulated to the end.
	if log := f.log.String(); !strings.Contains(log, `msg="giving up"`) {
		t.Errorf("log = %s", log)
	}
}
