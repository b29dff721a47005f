// Command simulation-worker serves the contract's SimulationService until SIGTERM or SIGINT. Exit codes: 0
// after a graceful stop, 1 where the server fails it, 2 where a setting is bad.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"example.com/triglot/go/internal/connection"
	"example.com/triglot/go/internal/logging"
	"example.com/triglot/go/internal/settings"
	"example.com/triglot/go/internal/simulation"
	"example.com/triglot/go/internal/store"
	riskv1 "example.com/triglot/go/risk/v1"
)

const queue = riskv1.SimulationServiceTaskQueue

func main() {
	os.Exit(run())
}

func run() (exitCode int) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	logger := logging.New(os.Stderr, slog.LevelInfo, queue)
	fail := func(code int, err error) int {
		logger.Error(err.Error())
		return code
	}

	config, err := settings.Load(os.Getenv)
	if err != nil {
		return fail(2, err)
	}
	logger = logging.New(os.Stderr, config.LogLevel, queue)
	options, err := connection.Options(config.PayloadEncoding, logger)
	if err != nil {
		return fail(2, err)
	}
	objects, err := store.Open(ctx, config.StoreURL)
	if err != nil {
		return fail(2, fmt.Errorf("TRIGLOT_STORE_URL: %w", err))
	}
	defer objects.Close()
	temporal, err := connection.Dial(ctx, options, config.ConnectTimeout)
	if errors.Is(err, context.Canceled) {
		return 0
	}
	if err != nil {
		return fail(1, err)
	}
	defer temporal.Close()
	if err := work(ctx, temporal, objects, logger); err != nil {
		return fail(1, err)
	}
	return 0
}

// work serves the task queue until ctx ends or the worker fails.
func work(ctx context.Context, temporal client.Client, objects *store.Store, logger *slog.Logger) error {
	failed := make(chan error, 1)
	simulator := worker.New(temporal, queue, workerOptions(failed))
	riskv1.RegisterSimulationServiceActivities(simulator, simulation.NewActivities(objects))
	if err := simulator.Start(); err != nil {
		return err
	}
	logger.Info("worker started", "task_queue", queue)
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	simulator.Stop()
	logger.Info("worker stopped", "task_queue", queue)
	return err
}

func workerOptions(failed chan<- error) worker.Options {
	// A cancellation comes only with a heartbeat's reply, so heartbeats must be frequent.
	const heartbeatInterval = 200 * time.Millisecond
	return worker.Options{
		// A simulation keeps a core busy; more of them would only wait for each other.
		MaxConcurrentActivityExecutionSize: runtime.GOMAXPROCS(0),
		MaxHeartbeatThrottleInterval:       heartbeatInterval,
		DefaultHeartbeatThrottleInterval:   heartbeatInterval,
		WorkerStopTimeout:                  5 * time.Second,
		DisableWorkflowWorker:              true,
		OnFatalError:                       func(err error) { failed <- err },
	}
}
