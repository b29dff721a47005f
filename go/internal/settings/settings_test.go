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
		ConnectTimeout:  10 * time.Second,
		LogLevel:        slog.LevelInfo,
	}
	if err != nil || got != want {
		t.Errorf("settings = %+v, %v; want %+v", got, err, want)
	}
}

func TestEverySettingIsRead(t *testing.T) {
	got, err := load(map[string]string{
		"TRIGLOT_STORE_URL":        "file:///store",
		"TRIGLOT_PAYLOAD_ENCODING": "binary",
		"TRIGLOT_CONNECT_TIMEOUT":  "0.5",
		"TRIGLOT_LOG_LEVEL":        "debug",
	})
	want := settings.Settings{
		StoreURL:        "file:///store",
		PayloadEncoding: "binary",
		ConnectTimeout:  500 * time.Millisecond,
		LogLevel:        slog.LevelDebug,
	}
	if err != nil || got != want {
		t.Errorf("settings = %+v, %v; want %+v", got, err, want)
	}
}

func TestBadSettingsAreNamed(t *testing.T) {
	cases := []struct{ name, value string }{
		{"TRIGLOT_STORE_URL", ""},
		{"TRIGLOT_PAYLOAD_ENCODING", "xml"},
		{"TRIGLOT_CONNECT_TIMEOUT", "soon"},
		{"TRIGLOT_CONNECT_TIMEOUT", "0"},
		{"TRIGLOT_CONNECT_TIMEOUT", "-1"},
		{"TRIGLOT_CONNECT_TIMEOUT", "NaN"},
		{"TRIGLOT_CONNECT_TIMEOUT", "inf"},
		{"TRIGLOT_CONNECT_TIMEOUT", "86401"},
		{"TRIGLOT_LOG_LEVEL", "INFO"},
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
