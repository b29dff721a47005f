// Package settings reads a worker's settings from the environment; the names are those of all workers.
package settings

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"example.com/triglot/go/contract"
)

// Settings is what a worker needs to know, but for the connection, which the SDK's own configuration gives.
type Settings struct {
	// StoreURL is where the store lies (TRIGLOT_STORE_URL).
	StoreURL string
	// PayloadEncoding is how messages are encoded (TRIGLOT_PAYLOAD_ENCODING: json or binary; json).
	PayloadEncoding string
	// ConnectTimeout is how long to try to reach the server (TRIGLOT_CONNECT_TIMEOUT in seconds; 10).
	ConnectTimeout time.Duration
	// LogLevel is the lowest level to log (TRIGLOT_LOG_LEVEL: debug, info, warn or error; info).
	LogLevel slog.Level
}

// maxConnectTimeout is a day, in seconds: the same in every language, and within what JavaScript's timers reach.
const maxConnectTimeout = 86_400

var logLevels = map[string]slog.Level{
	"debug": slog.LevelDebug,
	"info":  slog.LevelInfo,
	"warn":  slog.LevelWarn,
	"error": slog.LevelError,
}

// Load reads the settings by a function like os.Getenv. An error is a sentence that names the setting.
func Load(getenv func(name string) string) (Settings, error) {
	get := func(name, fallback string) string {
		if value := getenv(name); value != "" {
			return value
		}
		return fallback
	}
	settings := Settings{
		StoreURL:        get("TRIGLOT_STORE_URL", ""),
		PayloadEncoding: get("TRIGLOT_PAYLOAD_ENCODING", contract.EncodingJSON),
	}
	if settings.StoreURL == "" {
		return Settings{}, errors.New("TRIGLOT_STORE_URL is not set: it names the store, as file:///absolute/folder")
	}
	encoding := settings.PayloadEncoding
	if encoding != contract.EncodingJSON && encoding != contract.EncodingBinary {
		return Settings{}, fmt.Errorf("TRIGLOT_PAYLOAD_ENCODING must be one of json, binary, not %q", encoding)
	}
	timeout := get("TRIGLOT_CONNECT_TIMEOUT", "10")
	seconds, err := strconv.ParseFloat(timeout, 64)
	// Written so that NaN, which fails every comparison, is refused too.
	if err != nil || !(seconds > 0 && seconds <= maxConnectTimeout) {
		return Settings{}, fmt.Errorf(
			"TRIGLOT_CONNECT_TIMEOUT must be a number of seconds above 0 and up to %d, not %q",
			maxConnectTimeout, timeout)
	}
	settings.ConnectTimeout = time.Duration(seconds * float64(time.Second))
	name := get("TRIGLOT_LOG_LEVEL", "info")
	level, known := logLevels[name]
	if !known {
		return Settings{}, fmt.Errorf("TRIGLOT_LOG_LEVEL must be one of debug, info, warn, error, not %q", name)
	}
	settings.LogLevel = level
	return settings, nil
}
