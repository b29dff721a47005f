package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/contrib/sysinfo"
	"go.temporal.io/sdk/worker"
	"google.golang.org/protobuf/types/known/timestamppb"

	"example.com/triglot/go/internal/health"
	"example.com/triglot/go/internal/settings"
)

func TestMain(m *testing.M) {
	if os.Getenv("TEST_AS_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command is the worker as a process, for which the test binary stands in, with nothing but the given
// environment, and a deadline.
func command(t *testing.T, environment ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(ctx, executable)
	// A profile of the person who runs the tests must not matter.
	command.Env = append(environment, "TEST_AS_COMMAND=1",
		"TEMPORAL_CONFIG_FILE="+filepath.Join(t.TempDir(), "none.toml"))
	return command
}

// closedAddress is one at which nobody listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// silentAddress is one at which somebody listens but never answers.
func silentAddress(t *testing.T) (address string, connections <-chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	accepted := make(chan struct{}, 100)
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			defer connection.Close()
			accepted <- struct{}{}
		}
	}()
	return listener.Addr().String(), accepted
}

func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	default:
		return -1
	}
}

// errorLine is the message of the one log line, which must be an error.
func errorLine(t *testing.T, output []byte) string {
	t.Helper()
	var messages []string
	lines := bufio.NewScanner(bytes.NewReader(output))
	for lines.Scan() {
		var line struct{ Time, Level, Message, Worker string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if line.Level != "error" || line.Worker != "simulation" || line.Time == "" {
			t.Errorf("line = %+v", line)
		}
		messages = append(messages, line.Message)
	}
	if len(messages) != 1 {
		t.Fatalf("%d log lines instead of 1: %q", len(messages), output)
	}
	return messages[0]
}

func TestUnreachableServerIsExitCode1(t *testing.T) {
	silent, _ := silentAddress(t)
	cases := []struct{ name, address, cause string }{
		{"refused", closedAddress(t), "connection refused"},
		{"silent", silent, "no answer"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			output, err := command(t, "TRIGLOT_STORE_URL=file://"+t.TempDir(), "TRIGLOT_CONNECT_TIMEOUT=0.5",
				"TEMPORAL_ADDRESS="+c.address).CombinedOutput()
			if got := exitCode(err); got != 1 {
				t.Errorf("exit code = %d (%v); want 1", got, err)
			}
			want := "cannot reach the Temporal server at " + c.address + " within 0.5 s: "
			if got := errorLine(t, output); !strings.HasPrefix(got, want) || !strings.Contains(got, c.cause) {
				t.Errorf("message = %q; want %q and %q", got, want, c.cause)
			}
		})
	}
}

func TestBadSettingIsExitCode2(t *testing.T) {
	cases := []struct{ setting, want string }{
		{"TRIGLOT_STORE_URL=", "TRIGLOT_STORE_URL is not set"},
		{"TRIGLOT_STORE_URL=gopher://store", "TRIGLOT_STORE_URL: must be file:///absolute/folder or s3://BUCKET"},
		{"TRIGLOT_STORE_URL=s3://key:hidden@triglot", "TRIGLOT_STORE_URL: must not hold credentials: "},
		{"TRIGLOT_LOG_LEVEL=loud", "TRIGLOT_LOG_LEVEL must be "},
		{"TRIGLOT_HEALTH_ADDRESS=8081", "TRIGLOT_HEALTH_ADDRESS must be "},
		{"TRIGLOT_SLOTS=many", "TRIGLOT_SLOTS must be "},
		{"TEMPORAL_WORKER_BUILD_ID=a", "TEMPORAL_DEPLOYMENT_NAME is not set, but TEMPORAL_WORKER_BUILD_ID is"},
		{"TEMPORAL_TLS_CLIENT_CERT_PATH=missing.pem", "bad Temporal configuration: "},
	}
	for _, c := range cases {
		t.Run(c.setting, func(t *testing.T) {
			output, err := command(t, "TRIGLOT_STORE_URL=file://"+t.TempDir(), c.setting).CombinedOutput()
			if got := exitCode(err); got != 2 {
				t.Errorf("exit code = %d (%v); want 2", got, err)
			}
			if got := errorLine(t, output); !strings.Contains(got, c.want) {
				t.Errorf("message = %q; want %q", got, c.want)
			}
		})
	}
}

func TestStopWhileConnectingIsGraceful(t *testing.T) {
	address, connections := silentAddress(t)
	worker := command(t, "TRIGLOT_STORE_URL=file://"+t.TempDir(), "TRIGLOT_CONNECT_TIMEOUT=60",
		"TEMPORAL_ADDRESS="+address)
	var output bytes.Buffer
	worker.Stderr = &output
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-connections:
	case <-time.After(20 * time.Second):
		t.Fatal("the worker does not connect")
	}
	if err := worker.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := exitCode(worker.Wait()); got != 0 {
		t.Errorf("exit code = %d; want 0", got)
	}
	if output.Len() > 0 {
		t.Errorf("output = %q; want none", output.String())
	}
}

func TestTakenHealthPortIsExitCode1(t *testing.T) {
	address, _ := silentAddress(t)
	output, err := command(t, "TRIGLOT_STORE_URL=file://"+t.TempDir(), "TRIGLOT_HEALTH_ADDRESS="+address).
		CombinedOutput()
	if got := exitCode(err); got != 1 {
		t.Errorf("exit code = %d (%v); want 1", got, err)
	}
	want := "cannot answer health probes at " + address + ": "
	if got := errorLine(t, output); !strings.HasPrefix(got, want) || !strings.Contains(got, "in use") {
		t.Errorf("message = %q; want %q", got, want)
	}
}

func TestProbesAreAnsweredWhileConnecting(t *testing.T) {
	server, _ := silentAddress(t)
	address := closedAddress(t)
	worker := command(t, "TRIGLOT_STORE_URL=file://"+t.TempDir(), "TRIGLOT_CONNECT_TIMEOUT=60",
		"TEMPORAL_ADDRESS="+server, "TRIGLOT_HEALTH_ADDRESS="+address)
	stderr, err := worker.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stderr).ReadString('\n')
	if err != nil || !strings.Contains(line, "answering health probes") || !strings.Contains(line, address) {
		t.Fatalf("first line = %q, %v", line, err)
	}
	for path, want := range map[string]string{
		"/healthz": `200 {"status":"alive"}`,
		"/readyz":  "503 ",
	} {
		if got := get(t, "http://"+address+path); !strings.HasPrefix(got, want) {
			t.Errorf("%s = %s; want %s", path, got, want)
		}
	}
	if err := worker.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if got := exitCode(worker.Wait()); got != 0 {
		t.Errorf("exit code = %d; want 0", got)
	}
}

// get is an answer's status and body.
func get(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", response.StatusCode, body)
}

// stoppedWorker notes how its probe answers while it stops.
type stoppedWorker struct {
	worker.Worker
	probe  *health.Probe
	status int
}

func (w *stoppedWorker) Start() error { return nil }

func (w *stoppedWorker) Stop() {
	recorder := httptest.NewRecorder()
	w.probe.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/readyz", nil))
	w.status = recorder.Code
}

func TestStoppingWorkerIsNotReadyWhileItFinishesWhatRuns(t *testing.T) {
	probe := health.NewProbe(queue, "7@here")
	probe.Connected(func(context.Context) ([]*taskqueuepb.PollerInfo, error) {
		lastAccess := timestamppb.New(time.Now().Add(time.Minute))
		return []*taskqueuepb.PollerInfo{{Identity: "7@here", LastAccessTime: lastAccess}}, nil
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	simulator := &stoppedWorker{probe: probe}
	if err := work(ctx, simulator, nil, probe, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	if simulator.status != http.StatusServiceUnavailable {
		t.Errorf("status while stopping = %d; want 503", simulator.status)
	}
}

func TestSettingsReachTheWorker(t *testing.T) {
	got, err := workerOptions(settings.Settings{
		Slots:   settings.Amount{Number: 3},
		Pollers: settings.Amount{Number: 4},
	}, nil)
	if err != nil || got.MaxConcurrentActivityExecutionSize != 3 || got.MaxConcurrentActivityTaskPollers != 4 {
		t.Errorf("options = %+v, %v", got, err)
	}
	got, err = workerOptions(settings.Settings{
		Slots:     settings.Amount{Auto: true},
		CPUTarget: 0.9, MemoryTarget: 0.8,
		Pollers: settings.Amount{Auto: true},
	}, nil)
	if err != nil || got.Tuner == nil || got.ActivityTaskPollerBehavior == nil {
		t.Errorf("options = %+v, %v", got, err)
	}
}

func TestAWorkerIsVersionedOnlyWhereItIsToldItsVersion(t *testing.T) {
	got, err := workerOptions(settings.Settings{}, nil)
	if want := (worker.DeploymentOptions{}); err != nil || got.DeploymentOptions != want {
		t.Errorf("deployment = %+v, %v; want %+v", got.DeploymentOptions, err, want)
	}
	got, err = workerOptions(settings.Settings{
		Version: settings.Version{DeploymentName: "triglot-simulation", BuildID: "a"},
	}, nil)
	want := worker.DeploymentOptions{
		UseVersioning: true,
		Version:       worker.WorkerDeploymentVersion{DeploymentName: "triglot-simulation", BuildID: "a"},
	}
	if err != nil || got.DeploymentOptions != want {
		t.Errorf("deployment = %+v, %v; want %+v", got.DeploymentOptions, err, want)
	}
}

// Without it a worker whose slots are "auto" gets none beyond the first: gopsutil 4.24 needs cgo on macOS.
func TestTheSystemTellsItsLoad(t *testing.T) {
	info := &worker.SysInfoContext{Logger: slog.New(slog.DiscardHandler)}
	if usage, err := sysinfo.SysInfoProvider().CpuUsage(info); err != nil || usage < 0 || usage > 1 {
		t.Errorf("CPU: %v, %v", usage, err)
	}
	if usage, err := sysinfo.SysInfoProvider().MemoryUsage(info); err != nil || usage <= 0 || usage > 1 {
		t.Errorf("memory: %v, %v", usage, err)
	}
}
