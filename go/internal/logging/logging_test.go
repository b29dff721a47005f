package logging_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"
	"time"

	sdklog "go.temporal.io/sdk/log"

	"example.com/triglot/go/internal/logging"
)

// line logs one line and returns its fields.
func line(t *testing.T, log func(*slog.Logger)) map[string]any {
	t.Helper()
	var output bytes.Buffer
	log(logging.New(&output, slog.LevelDebug, "simulation"))
	if bytes.Count(output.Bytes(), []byte("\n")) != 1 {
		t.Fatalf("output is not one line: %q", output.String())
	}
	var fields map[string]any
	if err := json.Unmarshal(output.Bytes(), &fields); err != nil {
		t.Fatal(err)
	}
	return fields
}

func TestKeysAreThoseOfAllWorkers(t *testing.T) {
	fields := line(t, func(logger *slog.Logger) {
		sdk := sdklog.With(sdklog.NewStructuredLogger(logger), "WorkflowID", "w", "RunID", "r",
			"ActivityID", "5")
		sdk.Warn("Activity\nerror.", "ActivityType", "a", "Attempt", 2, "Error", errors.New("broken"),
			"CachedPreviousStartedEventID", 7, "elapsed", 1500*time.Millisecond)
	})
	written, err := time.Parse("2006-01-02T15:04:05.000Z", fields["time"].(string))
	if age := time.Since(written); err != nil || age < -time.Second || age > time.Minute {
		t.Errorf("time = %v, %v", fields["time"], err)
	}
	delete(fields, "time")
	want := map[string]any{
		"level": "warn", "message": "Activity\nerror.", "worker": "simulation",
		"workflow_id": "w", "run_id": "r", "activity_id": "5", "activity_type": "a",
		"attempt": 2.0, "error": "broken",
		"cached_previous_started_event_id": 7.0, "elapsed": "1.5s",
	}
	for key, value := range want {
		if fields[key] != value {
			t.Errorf("%s = %v; want %v", key, fields[key], value)
		}
		delete(fields, key)
	}
	if len(fields) > 0 {
		t.Errorf("more fields: %v", fields)
	}
}

func TestLevelsAreLowerCase(t *testing.T) {
	for level, want := range map[slog.Level]string{
		slog.LevelDebug: "debug", slog.LevelInfo: "info", slog.LevelWarn: "warn", slog.LevelError: "error",
	} {
		fields := line(t, func(logger *slog.Logger) { logger.Log(t.Context(), level, "x") })
		if fields["level"] != want {
			t.Errorf("level = %v; want %s", fields["level"], want)
		}
	}
}

func TestLevelIsAThreshold(t *testing.T) {
	var output bytes.Buffer
	logging.New(&output, slog.LevelWarn, "simulation").Info("x")
	if output.Len() > 0 {
		t.Errorf("output = %q; want none", output.String())
	}
}
