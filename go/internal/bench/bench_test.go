package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"

	benchv1 "example.com/triglot/go/bench/v1"
	"example.com/triglot/go/contract"
	"example.com/triglot/go/internal/bench"
)

func TestCallAnswersWhatTheContractSays(t *testing.T) {
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = w.Write([]byte("slow\n"))
	}))
	defer site.Close()
	activities := bench.NewActivities()
	for name, test := range map[string]struct {
		request *benchv1.CallRequest
		answer  string
	}{
		"noop": {&benchv1.CallRequest{Work: &benchv1.CallRequest_Noop{Noop: &benchv1.Noop{}}}, ""},
		"echo": {
			&benchv1.CallRequest{Work: &benchv1.CallRequest_Echo{Echo: &benchv1.Echo{Payload: []byte("bytes")}}},
			"bytes",
		},
		// The same in every language.
		"compute": {
			&benchv1.CallRequest{Work: &benchv1.CallRequest_Compute{Compute: &benchv1.Compute{Iterations: 1000}}},
			"\x26\x79\x9a\xa9",
		},
		"fetch": {fetching(site.URL), "slow\n"},
		"wait": {
			&benchv1.CallRequest{Work: &benchv1.CallRequest_Wait{Wait: &benchv1.Wait{Milliseconds: 1}}}, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := activities.Call(t.Context(), test.request)
			if err != nil || string(response.GetPayload()) != test.answer {
				t.Errorf("got %q, %v; want %q", response.GetPayload(), err, test.answer)
			}
		})
	}
	_, err := activities.Call(t.Context(), fetching(site.URL+"/other"))
	if err == nil || !strings.Contains(err.Error(), "418") {
		t.Errorf("another status than 200 is an error that names it, not %v", err)
	}
}

func fetching(url string) *benchv1.CallRequest {
	return &benchv1.CallRequest{Work: &benchv1.CallRequest_Fetch{Fetch: &benchv1.Fetch{Url: url}}}
}

func TestRunCallsKeepsAsManyInFlightAsAskedFor(t *testing.T) {
	var suite testsuite.WorkflowTestSuite
	environment := suite.NewTestWorkflowEnvironment()
	payloads, err := contract.NewDataConverter(contract.EncodingJSON)
	if err != nil {
		t.Fatal(err)
	}
	environment.SetDataConverter(payloads)
	benchv1.RegisterBenchmarkServiceWorkflows(environment, bench.Workflows{})
	started, released := make(chan struct{}, 10), make(chan struct{})
	environment.RegisterActivityWithOptions(
		func(context.Context, *benchv1.CallRequest) (*benchv1.CallResponse, error) {
			started <- struct{}{}
			<-released
			return &benchv1.CallResponse{Payload: []byte("12")}, nil
		},
		activity.RegisterOptions{Name: benchv1.BenchmarkServiceCall},
	)
	atOnce := make(chan int, 1)
	go func() {
		for range 3 {
			<-started
		}
		// A fourth would start within this time.
		select {
		case <-started:
			atOnce <- 4
		case <-time.After(200 * time.Millisecond):
			atOnce <- 3
		}
		close(released)
	}()
	environment.ExecuteWorkflow(benchv1.BenchmarkServiceRunCalls, &benchv1.RunCallsRequest{
		TaskQueue: "elsewhere", CallCount: 7, Concurrency: 3,
		Call: &benchv1.CallRequest{Work: &benchv1.CallRequest_Noop{Noop: &benchv1.Noop{}}},
	})
	var response benchv1.RunCallsResponse
	if err := environment.GetWorkflowResult(&response); err != nil {
		t.Fatal(err)
	}
	if found := <-atOnce; found != 3 || response.GetAnsweredBytes() != 14 {
		t.Errorf("%d calls were in flight, and %d bytes answered", found, response.GetAnsweredBytes())
	}
}

func TestMeasurePayloadsAnswersEachQuestion(t *testing.T) {
	questions := `{"small":{"type":"triglot.risk.v1.ScenarioRange","json":{"first":"7","count":"9"}}}
{"message":"small","encoding":"binary","operation":"encode","seconds":0.001}
{"message":"small","encoding":"json","operation":"decode","seconds":0.001}
`
	var answers bytes.Buffer
	if err := bench.MeasurePayloads(strings.NewReader(questions), &answers); err != nil {
		t.Fatal(err)
	}
	lines := json.NewDecoder(&answers)
	var ready map[string]bool
	if err := lines.Decode(&ready); err != nil || !ready["ready"] {
		t.Fatalf("got %v, %v", ready, err)
	}
	// JSON has a blank or none, as protojson likes.
	for _, sizes := range [][2]int{{4, 4}, {25, 26}} {
		var found struct {
			CPUSeconds   float64
			Count, Bytes int
		}
		if err := lines.Decode(&found); err != nil {
			t.Fatal(err)
		}
		if found.Count < 1 || found.CPUSeconds < 0 || found.Bytes < sizes[0] || found.Bytes > sizes[1] {
			t.Errorf("got %+v", found)
		}
	}
	for _, broken := range []string{
		`{"shard":{"type":"triglot.risk.v1.Shard","json":{"tailMinor":["1"]}}}
{"message":"shard","encoding":"json","operation":"read","field":"tail_minor","seconds":0.001}`,
		`{"shard":{"type":"triglot.risk.v1.Shard","json":{}}}
{"message":"shard","encoding":"json","operation":"read","field":"other","seconds":0.001}`,
	} {
		if err := bench.MeasurePayloads(strings.NewReader(broken), &answers); err == nil {
			t.Errorf("%s was read", broken)
		}
	}
	err := bench.MeasurePayloads(strings.NewReader("{}\n{\"message\":\"other\",\"encoding\":\"json\"}\n"), &answers)
	if err == nil || err.Error() != `there is no message "other"` {
		t.Errorf("got %v", err)
	}
}
