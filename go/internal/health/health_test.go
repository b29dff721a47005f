package health

//lint:file-ignore SA1019 See pollers.go.

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"example.com/triglot/go/internal/settings"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func poller(identity string, lastAccess time.Time) *taskqueuepb.PollerInfo {
	return &taskqueuepb.PollerInfo{Identity: identity, LastAccessTime: timestamppb.New(lastAccess)}
}

func listing(pollers ...*taskqueuepb.PollerInfo) Describe {
	return func(context.Context) ([]*taskqueuepb.PollerInfo, error) { return pollers, nil }
}

type readiness struct {
	Ready            bool
	TaskQueue        string `json:"task_queue"`
	Identity, Reason string
}

func get(t *testing.T, probe *Probe, method, path string) (status int, body string) {
	t.Helper()
	recorder := httptest.NewRecorder()
	probe.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), method, path, nil))
	return recorder.Code, recorder.Body.String()
}

func ready(t *testing.T, probe *Probe) (status int, answer readiness) {
	t.Helper()
	status, body := get(t, probe, http.MethodGet, "/readyz")
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	if answer.TaskQueue != "simulation" || answer.Identity != "7@here" {
		t.Errorf("answer = %+v", answer)
	}
	return status, answer
}

func TestReadiness(t *testing.T) {
	before, after := start.Add(-time.Millisecond), start.Add(time.Millisecond)
	cases := []struct {
		name     string
		describe Describe
		stopping bool
		want     string // within the reason; empty: ready
	}{
		{"its own poller", listing(poller("8@here", after), poller("7@here", after)), false, ""},
		{"nobody", listing(), false, "does not list this worker among the pollers of simulation"},
		{"others", listing(poller("8@here", after), poller("7@here2", after)), false, "does not list"},
		{"the worker of this identity before", listing(poller("7@here", before)), false, "does not list"},
		{"no connection", nil, false, "not connected"},
		{"no answer", func(context.Context) ([]*taskqueuepb.PollerInfo, error) {
			return nil, errors.New("unavailable")
		}, false, "cannot be asked who polls simulation: unavailable"},
		{"stopping", listing(poller("7@here", after)), true, "the worker is stopping"},
		{"stopping without connection", nil, true, "the worker is stopping"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			probe := newProbe("simulation", "7@here", func() time.Time { return start })
			if c.describe != nil {
				probe.Connected(c.describe)
			}
			if c.stopping {
				probe.Stopping()
			}
			status, answer := ready(t, probe)
			if wantStatus := map[bool]int{true: 200, false: 503}[c.want == ""]; status != wantStatus {
				t.Errorf("status = %d; want %d", status, wantStatus)
			}
			if answer.Ready != (c.want == "") || !strings.Contains(answer.Reason, c.want) ||
				(c.want == "" && answer.Reason != "") {
				t.Errorf("answer = %+v; want %q", answer, c.want)
			}
		})
	}
}

func TestAnswersOfTheServerAreKeptForASecond(t *testing.T) {
	now, calls := start, 0
	probe := newProbe("simulation", "7@here", func() time.Time { return now })
	probe.Connected(func(context.Context) ([]*taskqueuepb.PollerInfo, error) {
		calls++
		return []*taskqueuepb.PollerInfo{poller("7@here", start.Add(time.Second))}, nil
	})
	for _, c := range []struct {
		elapsed   time.Duration
		wantCalls int
	}{{0, 1}, {999 * time.Millisecond, 1}, {time.Second, 2}, {1_500 * time.Millisecond, 2}, {2 * time.Second, 3}} {
		now = start.Add(c.elapsed)
		if status, answer := ready(t, probe); status != http.StatusOK {
			t.Fatalf("answer = %d, %+v", status, answer)
		}
		if calls != c.wantCalls {
			t.Errorf("the server was asked %d times after %v; want %d", calls, c.elapsed, c.wantCalls)
		}
	}
}

func TestStoppingIsToldAtOnce(t *testing.T) {
	probe := newProbe("simulation", "7@here", time.Now)
	// The worker begins to stop while the server is being asked.
	probe.Connected(func(context.Context) ([]*taskqueuepb.PollerInfo, error) {
		probe.Stopping()
		return []*taskqueuepb.PollerInfo{poller("7@here", time.Now().Add(time.Minute))}, nil
	})
	if status, answer := ready(t, probe); status != http.StatusServiceUnavailable {
		t.Errorf("answer = %d, %+v; want 503", status, answer)
	}
}

func TestPaths(t *testing.T) {
	probe := newProbe("simulation", "7@here", time.Now)
	cases := []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/healthz", 200},
		{http.MethodHead, "/healthz", 200},
		{http.MethodGet, "/readyz", 503},
		{http.MethodPost, "/healthz", 404},
		{http.MethodGet, "/", 404},
		{http.MethodGet, "/healthz/", 404},
		{http.MethodGet, "/metrics", 404},
	}
	for _, c := range cases {
		if got, _ := get(t, probe, c.method, c.path); got != c.want {
			t.Errorf("%s %s = %d; want %d", c.method, c.path, got, c.want)
		}
	}
	if _, body := get(t, probe, http.MethodGet, "/healthz"); strings.TrimSpace(body) != `{"status":"alive"}` {
		t.Errorf("body = %s", body)
	}
}

func TestServerAnswersAndATakenPortIsAnError(t *testing.T) {
	logger := slog.New(slog.DiscardHandler)
	taken := httptest.NewServer(http.NotFoundHandler())
	defer taken.Close()
	address := strings.TrimPrefix(taken.URL, "http://")
	if _, err := Serve(address, NewProbe("simulation", "7@here"), logger); err == nil ||
		!strings.HasPrefix(err.Error(), "cannot answer health probes at "+address+": ") {
		t.Errorf("error = %v", err)
	}
	taken.Close()
	server, err := Serve(address, NewProbe("simulation", "7@here"), logger)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	// It bounds idle connections too, where there is no IdleTimeout.
	if server.ReadTimeout <= 0 || server.IdleTimeout != 0 {
		t.Errorf("time-outs = %v, %v", server.ReadTimeout, server.IdleTimeout)
	}
	response, err := http.Get("http://" + address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != 200 || response.Header.Get("Content-Type") != "application/json" {
		t.Errorf("answer = %d, %v, %s, %v", response.StatusCode, response.Header, body, err)
	}
}

// partitionedServer lists pollers of several versions, as the server does in the mode that knows all partitions.
type partitionedServer struct {
	workflowservice.WorkflowServiceClient
	asked *workflowservice.DescribeTaskQueueRequest
}

func (s *partitionedServer) DescribeTaskQueue(
	_ context.Context, request *workflowservice.DescribeTaskQueueRequest, _ ...grpc.CallOption,
) (*workflowservice.DescribeTaskQueueResponse, error) {
	s.asked = request
	kinds := func(identity string) *taskqueuepb.TaskQueueVersionInfo {
		return &taskqueuepb.TaskQueueVersionInfo{TypesInfo: map[int32]*taskqueuepb.TaskQueueTypeInfo{
			2: {Pollers: []*taskqueuepb.PollerInfo{poller(identity, start)}},
		}}
	}
	return &workflowservice.DescribeTaskQueueResponse{
		VersionsInfo: map[string]*taskqueuepb.TaskQueueVersionInfo{"": kinds("7@here"), "v2": kinds("8@here")},
	}, nil
}

func TestPollersOfAllPartitionsAndVersionsAreAskedFor(t *testing.T) {
	server := &partitionedServer{}
	version := settings.Version{DeploymentName: "triglot-simulation", BuildID: "1.0"}
	got, err := Pollers(server, "reports", "simulation", version)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var identities []string
	for _, each := range got {
		identities = append(identities, each.GetIdentity())
	}
	slices.Sort(identities)
	if want := []string{"7@here", "8@here"}; !slices.Equal(identities, want) {
		t.Errorf("pollers = %v; want %v", identities, want)
	}
	want := &workflowservice.DescribeTaskQueueRequest{
		Namespace: "reports",
		TaskQueue: &taskqueuepb.TaskQueue{Name: "simulation"},
		ApiMode:   enumspb.DESCRIBE_TASK_QUEUE_MODE_ENHANCED,
		// With AllActive, a server that keeps its answers leaves versions out.
		Versions: &taskqueuepb.TaskQueueVersionSelection{
			Unversioned: true, BuildIds: []string{"triglot-simulation:1.0"},
		},
		TaskQueueTypes: []enumspb.TaskQueueType{enumspb.TASK_QUEUE_TYPE_ACTIVITY},
		ReportPollers:  true,
	}
	if !proto.Equal(server.asked, want) {
		t.Errorf("request = %v; want %v", server.asked, want)
	}
	if _, err := Pollers(server, "reports", "simulation", settings.Version{})(t.Context()); err != nil {
		t.Fatal(err)
	}
	want.Versions.BuildIds = nil
	if !proto.Equal(server.asked, want) {
		t.Errorf("request without a version = %v; want %v", server.asked, want)
	}
}
