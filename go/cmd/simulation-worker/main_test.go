package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
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
		{"TRIGLOT_STORE_URL=gopher://store", "TRIGLOT_STORE_URL: "},
		{"TRIGLOT_LOG_LEVEL=loud", "TRIGLOT_LOG_LEVEL must be "},
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
	<-connections
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
