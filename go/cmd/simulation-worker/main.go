// Command simulation-worker serves the contract's SimulationService until SIGTERM or SIGINT. Exit codes: 0
// after a graceful stop, 1 where the server fails it or its health port is taken, 2 where a setting is bad.
// `simulation-worker healthcheck`, for a container, asks the running worker whether it is ready: 0 or 1.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/sysinfo"
	"go.temporal.io/sdk/worker"

	"example.com/triglot/go/internal/connection"
	"example.com/triglot/go/internal/health"
	"example.com/triglot/go/internal/kernel"
	"example.com/triglot/go/internal/logging"
	"example.com/triglot/go/internal/settings"
	"example.com/triglot/go/internal/simulation"
	"example.com/triglot/go/internal/store"
	"example.com/triglot/go/internal/tuning"
	riskv1 "example.com/triglot/go/risk/v1"
)

const queue = riskv1.SimulationServiceTaskQueue

func main() {
	if len(os.Args) == 2 && os.Args[1] == "healthcheck" {
		os.Exit(checkHealth())
	}
	os.Exit(run())
}

func checkHealth() (exitCode int) {
	if err := health.Check(context.Background(), os.Getenv("TRIGLOT_HEALTH_ADDRESS")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func run() (exitCode int) {
	if os.Getenv("GOGC") == "" {
		// The garbage collector has to stop the threads that simulate, and waits for assembly to return. What is
		// alive are a few shards, so it may come less often than by default.
		debug.SetGCPercent(400)
	}
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
	objects, err := store.Open(config.StoreURL)
	if err != nil {
		return fail(2, fmt.Errorf("TRIGLOT_STORE_URL: %w", err))
	}
	defer objects.Close()
	options.ExternalStorage = objects.ExternalStorage(config.ExternalStorage)
	if err := serve(ctx, config, options, objects, logger); err != nil {
		return fail(1, err)
	}
	return 0
}

// serve connects and works until ctx ends, which is no error, or until something fails.
func serve(
	ctx context.Context, config settings.Settings, options client.Options, objects *store.Store,
	logger *slog.Logger,
) error {
	probe := health.NewProbe(queue, options.Identity)
	if config.HealthAddress != "" {
		server, err := health.Serve(config.HealthAddress, probe, logger)
		if err != nil {
			return err
		}
		defer server.Close()
	}
	temporal, err := connection.Dial(ctx, options, config.ConnectTimeout)
	if errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return err
	}
	defer temporal.Close()
	probe.Connected(health.Pollers(temporal.WorkflowService(), options.Namespace, queue, config.Version))
	failed := make(chan error, 1)
	tuned, err := workerOptions(config, failed)
	if err != nil {
		return err
	}
	simulator := worker.New(temporal, queue, tuned)
	riskv1.RegisterSimulationServiceActivities(simulator, simulation.NewActivities(objects))
	return work(ctx, simulator, failed, probe, logger)
}

// work polls the task queue until ctx ends or the worker fails.
func work(
	ctx context.Context, simulator worker.Worker, failed <-chan error, probe *health.Probe, logger *slog.Logger,
) error {
	if err := simulator.Start(); err != nil {
		return err
	}
	logger.Info("worker started", "task_queue", queue, "kernel_path", kernel.Paths()[0])
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	probe.Stopping()
	simulator.Stop()
	logger.Info("worker stopped", "task_queue", queue)
	return err
}

func workerOptions(config settings.Settings, failed chan<- error) (worker.Options, error) {
	options := worker.Options{
		MaxHeartbeatThrottleInterval:     simulation.HeartbeatInterval,
		DefaultHeartbeatThrottleInterval: simulation.HeartbeatInterval,
		WorkerStopTimeout:                5 * time.Second,
		DisableWorkflowWorker:            true,
		OnFatalError:                     func(err error) { failed <- err },
		DeploymentOptions:                deploymentOptions(config.Version),
	}
	return options, tuning.Apply(&options, config, sysinfo.SysInfoProvider())
}

func deploymentOptions(version settings.Version) worker.DeploymentOptions {
	return worker.DeploymentOptions{
		UseVersioning: version != settings.Version{},
		Version: worker.WorkerDeploymentVersion{
			DeploymentName: version.DeploymentName,
			BuildID:        version.BuildID,
		},
	}
}
