package simulation

import (
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
	"google.golang.org/protobuf/types/known/durationpb"

	riskv1 "example.com/triglot/go/risk/v1"
)

// Version is the worker's own version.
const Version = "0.1.0"

func provenance(cpuTime time.Duration) *riskv1.Provenance {
	return &riskv1.Provenance{
		Language:      "go",
		Runtime:       runtime.Version(),
		WorkerVersion: Version,
		CpuTime:       durationpb.New(cpuTime),
	}
}

// MeasureCPUTime runs a computation on one thread and returns, beside its result, the CPU time of that thread.
// Linux, macOS and the BSDs have such a clock.
func MeasureCPUTime[T any](compute func() (T, error)) (result T, spent time.Duration, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	start, err := threadCPUTime()
	if err != nil {
		return result, 0, err
	}
	result, err = compute()
	if err != nil {
		return result, 0, err
	}
	end, err := threadCPUTime()
	return result, end - start, err
}

func threadCPUTime() (time.Duration, error) {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now); err != nil {
		return 0, fmt.Errorf("read the thread's CPU clock: %w", err)
	}
	return time.Duration(now.Nano()), nil
}
