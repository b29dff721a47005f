package settings_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"example.com/triglot/go/internal/settings"
)

func load(environment map[string]string) (settings.Settings, error) {
	return settings.Load(func(name string) string { return environment[name] })
}

func TestDefaults(t *testing.T) {
	got, err := load(map[string]string{"TRIGLOT_STORE_URL": "file:///store"})
	want := settings.Settings{
		StoreURL:        "file:///store",
		PayloadEncoding: "json",
		ExternalStorage: true,
		ConnectTimeout:  10 * time.Second,
		LogLevel:        slog.LevelInfo,
		CPUTarget:       0.9,
		MemoryTarget:    0.8,
	}
	if err != nil || got != want {
		t.Errorf("settings = %+v, %v; want %+v", got, err, want)
	}
}

func TestEverySettingIsRead(t *testing.T) {
	got, err := load(map[string]string{
		"TRIGLOT_STORE_URL":        "file:///store",
		"TRIGLOT_PAYLOAD_ENCODING": "binary",
		"TRIGLOT_EXTERNAL_STORAGE": "off",
		"TRIGLOT_CONNECT_TIMEOUT":  "0.5",
		"TRIGLOT_LOG_LEVEL":        "debug",
		"TRIGLOT_HEALTH_ADDRESS":   "[::1]:8081",
		"TRIGLOT_SLOTS":            "3",
		"TRIGLOT_CPU_TARGET":       "1",
		"TRIGLOT_MEMORY_TARGET":    "0.5",
		"TRIGLOT_POLLERS":          "auto",
		"TEMPORAL_DEPLOYMENT_NAME": "reports/triglot-simulation",
		"TEMPORAL_WORKER_BUILD_ID": "3390958",
	})
	want := settings.Settings{
		StoreURL:        "file:///store",
		PayloadEncoding: "binary",
		ExternalStorage: false,
		ConnectTimeout:  500 * time.Millisecond,
		LogLevel:        slog.LevelDebug,
		HealthAddress:   "[::1]:8081",
		Slots:           settings.Amount{Number: 3},
		CPUTarget:       1,
		MemoryTarget:    0.5,
		Pollers:         settings.Amount{Auto: true},
		Version:         settings.Version{DeploymentName: "reports/triglot-simulation", BuildID: "3390958"},
	}
	if err != nil || got != want {
		t.Errorf("settings = %+v, %v; want %+v", got, err, want)
	}
}

func TestBadSettingsAreNamed(t *testing.T) {
	cases := []struct{ name, value string }{
		{"TRIGLOT_STORE_URL", ""},
		{"TRIGLOT_PAYLOAD_ENCODING", "xml"},
		{"TRIGLOT_EXTERNAL_STORAGE", "true"},
		{"TRIGLOT_CONNECT_TIMEOUT", "soon"},
		{"TRIGLOT_CONNECT_TIMEOUT", "0"},
		{"TRIGLOT_CONNECT_TIMEOUT", "-1"},
		{"TRIGLOT_CONNECT_TIMEOUT", "NaN"},
		{"TRIGLOT_CONNECT_TIMEOUT", "inf"},
		{"TRIGLOT_CONNECT_TIMEOUT", "86401"},
		{"TRIGLOT_LOG_LEVEL", "INFO"},
		{"TRIGLOT_HEALTH_ADDRESS", "8081"},
		{"TRIGLOT_HEALTH_ADDRESS", ":8081"},
		{"TRIGLOT_HEALTH_ADDRESS", "localhost"},
		{"TRIGLOT_HEALTH_ADDRESS", "localhost:http"},
		{"TRIGLOT_HEALTH_ADDRESS", "localhost:0"},
		{"TRIGLOT_HEALTH_ADDRESS", "localhost:65536"},
		{"TRIGLOT_HEALTH_ADDRESS", "::1:8081"},
		{"TRIGLOT_SLOTS", "0"},
		{"TRIGLOT_SLOTS", "-1"},
		{"TRIGLOT_SLOTS", "1.5"},
		{"TRIGLOT_SLOTS", "10001"},
		{"TRIGLOT_SLOTS", "AUTO"},
		{"TRIGLOT_CPU_TARGET", "0"},
		{"TRIGLOT_CPU_TARGET", "1.01"},
		{"TRIGLOT_CPU_TARGET", "90%"},
		{"TRIGLOT_MEMORY_TARGET", "NaN"},
		{"TRIGLOT_POLLERS", "many"},
	}
	for _, c := range cases {
		environment := map[string]string{"TRIGLOT_STORE_URL": "file:///store"}
		environment[c.name] = c.value
		_, err := load(environment)
		if err == nil || !strings.HasPrefix(err.Error(), c.name+" ") || !strings.Contains(err.Error(), c.value) {
			t.Errorf("%s=%q: error = %v", c.name, c.value, err)
		}
	}
}

func TestAVersionIsWholeOrAbsent(t *testing.T) {
	const deployment, build = "TEMPORAL_DEPLOYMENT_NAME", "TEMPORAL_WORKER_BUILD_ID"
	const badBuild = build + " must be up to 63 printable ASCII characters without spaces, not beginning with __"
	cases := []struct {
		name, deployment, build, want string // want: the error; empty: none
	}{
		{"neither", "", "", ""},
		{"both", "triglot-simulation", "1.0:a", ""},
		{"no build id", "triglot-simulation", "", build + " is not set, but " + deployment + " is"},
		{"no name", "", "a", deployment + " is not set, but " + build + " is"},
		{"a dot", "triglot.simulation", "a", deployment + " must not contain . or : nor begin with __"},
		{"a colon", "triglot:simulation", "a", deployment + " must not contain . or : nor begin with __"},
		{"reserved", "__triglot", "a", deployment + " must not contain . or : nor begin with __"},
		{"a reserved name alone", "__triglot", "", build + " is not set, but " + deployment + " is"},
		{"the longest build id", "triglot-simulation", strings.Repeat("a", 63), ""},
		{"a longer build id", "triglot-simulation", strings.Repeat("a", 64), badBuild},
		{"a reserved build id", "triglot-simulation", "__unversioned__", badBuild},
		{"a build id with a space", "triglot-simulation", "release 1", badBuild},
		{"a build id with a line end", "triglot-simulation", "1.0\n", badBuild},
		{"a build id beyond ASCII", "triglot-simulation", "é", badBuild},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := load(map[string]string{
				"TRIGLOT_STORE_URL": "file:///store", deployment: c.deployment, build: c.build,
			})
			if c.want != "" {
				if err == nil || !strings.HasPrefix(err.Error(), c.want) {
					t.Errorf("error = %v; want %q", err, c.want)
				}
				return
			}
			if want := (settings.Version{DeploymentName: c.deployment, BuildID: c.build}); err != nil || got.Version != want {
				t.Errorf("version = %+v, %v; want %+v", got.Version, err, want)
			}
		})
	}
}
