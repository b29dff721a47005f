// Package settings reads a worker's settings from the environment; the names are those of all workers.
package settings

import (
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"time"

	"example.com/triglot/go/contract"
)

// Settings is what a worker needs to know, but for the connection, which the SDK's own configuration gives.
type Settings struct {
	// StoreURL is where the store lies (TRIGLOT_STORE_URL).
	StoreURL string
	// PayloadEncoding is how messages are encoded (TRIGLOT_PAYLOAD_ENCODING: json or binary; json).
	PayloadEncoding string
	// ExternalStorage is whether large payloads are put into the store (TRIGLOT_EXTERNAL_STORAGE: on or off; on).
	ExternalStorage bool
	// ConnectTimeout is how long to try to reach the server (TRIGLOT_CONNECT_TIMEOUT in seconds; 10).
	ConnectTimeout time.Duration
	// LogLevel is the lowest level to log (TRIGLOT_LOG_LEVEL: debug, info, warn or error; info).
	LogLevel slog.Level
	// HealthAddress is where to answer probes (TRIGLOT_HEALTH_ADDRESS: host:port; empty: nowhere).
	HealthAddress string
	// Slots is how many activities may run at a time (TRIGLOT_SLOTS).
	Slots Amount
	// CPUTarget and MemoryTarget are the shares of the machine, above 0 and up to 1, that automatic slots aim at
	// (TRIGLOT_CPU_TARGET; 0.9, TRIGLOT_MEMORY_TARGET; 0.8).
	CPUTarget, MemoryTarget float64
	// Pollers is how many requests for tasks wait at the server at a time (TRIGLOT_POLLERS).
	Pollers Amount
	// Version is what the worker is a version of; zero, the worker is not versioned.
	Version Version
}

// Version is a worker deployment and the version of its code, by the names under which Temporal's worker controller
// tells a worker of them (TEMPORAL_DEPLOYMENT_NAME, TEMPORAL_WORKER_BUILD_ID).
type Version struct {
	DeploymentName, BuildID string
}

// Amount is a number that the operator sets, or leaves to the SDK while it runs; the zero value is the default.
type Amount struct {
	Number int
	Auto   bool
}

// maxAmount keeps a slip of the finger from starting a million pollers; the same in every language.
const maxAmount = 10_000

// maxConnectTimeout is a day, in seconds: the same in every language, and within what JavaScript's timers reach.
const maxConnectTimeout = 86_400

// maxBuildID is the length of a build id that every server takes, in characters: the same in every language.
const maxBuildID = 63

var logLevels = map[string]slog.Level{
	"debug": slog.LevelDebug,
	"info":  slog.LevelInfo,
	"warn":  slog.LevelWarn,
	"error": slog.LevelError,
}

// Load reads the settings by a function like os.Getenv. An error is a sentence that names the setting.
func Load(getenv func(name string) string) (Settings, error) {
	read := reader{getenv: getenv}
	settings := Settings{
		StoreURL:        read.storeURL(),
		PayloadEncoding: read.payloadEncoding(),
		ExternalStorage: read.on("TRIGLOT_EXTERNAL_STORAGE"),
		ConnectTimeout:  read.seconds("TRIGLOT_CONNECT_TIMEOUT", "10"),
		LogLevel:        read.logLevel(),
		HealthAddress:   read.address("TRIGLOT_HEALTH_ADDRESS"),
		Slots:           read.amount("TRIGLOT_SLOTS"),
		CPUTarget:       read.share("TRIGLOT_CPU_TARGET", "0.9"),
		MemoryTarget:    read.share("TRIGLOT_MEMORY_TARGET", "0.8"),
		Pollers:         read.amount("TRIGLOT_POLLERS"),
		Version:         read.version("TEMPORAL_DEPLOYMENT_NAME", "TEMPORAL_WORKER_BUILD_ID"),
	}
	if read.err != nil {
		return Settings{}, read.err
	}
	return settings, nil
}

// reader keeps the first error, so that a table of settings reads as one.
type reader struct {
	getenv func(name string) string
	err    error
}

// get is the value of a variable; an empty one counts as not set.
func (r *reader) get(name, fallback string) string {
	if value := r.getenv(name); value != "" {
		return value
	}
	return fallback
}

func (r *reader) fail(format string, arguments ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, arguments...)
	}
}

func (r *reader) storeURL() string {
	address := r.get("TRIGLOT_STORE_URL", "")
	if address == "" {
		r.fail("TRIGLOT_STORE_URL is not set: it names the store, as file:///absolute/folder or s3://BUCKET")
	}
	return address
}

func (r *reader) payloadEncoding() string {
	encoding := r.get("TRIGLOT_PAYLOAD_ENCODING", contract.EncodingJSON)
	if encoding != contract.EncodingJSON && encoding != contract.EncodingBinary {
		r.fail("TRIGLOT_PAYLOAD_ENCODING must be one of json, binary, not %q", encoding)
	}
	return encoding
}

// on reads a switch that is on unless it is set.
func (r *reader) on(name string) bool {
	value := r.get(name, "on")
	if value != "on" && value != "off" {
		r.fail("%s must be one of on, off, not %q", name, value)
	}
	return value == "on"
}

func (r *reader) logLevel() slog.Level {
	name := r.get("TRIGLOT_LOG_LEVEL", "info")
	level, known := logLevels[name]
	if !known {
		r.fail("TRIGLOT_LOG_LEVEL must be one of debug, info, warn, error, not %q", name)
	}
	return level
}

func (r *reader) seconds(name, fallback string) time.Duration {
	value := r.get(name, fallback)
	seconds, err := strconv.ParseFloat(value, 64)
	// Written so that NaN, which fails every comparison, is refused too.
	if err != nil || !(seconds > 0 && seconds <= maxConnectTimeout) {
		r.fail("%s must be a number of seconds above 0 and up to %d, not %q", name, maxConnectTimeout, value)
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

func (r *reader) share(name, fallback string) float64 {
	value := r.get(name, fallback)
	share, err := strconv.ParseFloat(value, 64)
	if err != nil || !(share > 0 && share <= 1) {
		r.fail("%s must be a number above 0 and up to 1, not %q", name, value)
	}
	return share
}

func (r *reader) amount(name string) Amount {
	value := r.get(name, "")
	switch value {
	case "":
		return Amount{}
	case "auto":
		return Amount{Auto: true}
	}
	number, err := strconv.Atoi(value)
	if err != nil || number < 1 || number > maxAmount {
		r.fail("%s must be auto or a whole number from 1 to %d, not %q", name, maxAmount, value)
	}
	return Amount{Number: number}
}

func (r *reader) address(name string) string {
	value := r.get(name, "")
	if value == "" {
		return ""
	}
	host, port, err := net.SplitHostPort(value)
	number, notNumber := strconv.ParseUint(port, 10, 16)
	if err != nil || notNumber != nil || host == "" || number == 0 {
		r.fail("%s must be host:port, for instance 127.0.0.1:8081, not %q", name, value)
	}
	return value
}

func (r *reader) version(deploymentName, buildID string) Version {
	version := Version{DeploymentName: r.get(deploymentName, ""), BuildID: r.get(buildID, "")}
	switch name := version.DeploymentName; {
	case version == Version{}:
	case name == "":
		r.fail("%s is not set, but %s is", deploymentName, buildID)
	case version.BuildID == "":
		r.fail("%s is not set, but %s is", buildID, deploymentName)
	// The server refuses every poll under other names, and the SDK would ask again for ever.
	case strings.ContainsAny(name, ".:") || strings.HasPrefix(name, "__"):
		r.fail("%s must not contain . or : nor begin with __, as %q does", deploymentName, name)
	case !isBuildID(version.BuildID):
		r.fail("%s must be up to %d printable ASCII characters without spaces, not beginning with __, not %q",
			buildID, maxBuildID, version.BuildID)
	}
	return version
}

func isBuildID(id string) bool {
	isOther := func(r rune) bool { return r <= ' ' || r > '~' }
	return len(id) <= maxBuildID && !strings.HasPrefix(id, "__") && !strings.ContainsFunc(id, isOther)
}
