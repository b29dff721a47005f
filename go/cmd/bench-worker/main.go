// Command bench-worker serves the contract's BenchmarkService while `make bench` runs:
//
//	bench-worker workflows QUEUE
//	bench-worker activities QUEUE
//	bench-worker payloads
//
// The last measures the data converter instead, as standard input asks. Settings and exit codes are those of all
// workers.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/sysinfo"
	"go.temporal.io/sdk/worker"

	benchv1 "example.com/triglot/go/bench/v1"
	"example.com/triglot/go/internal/bench"
	"example.com/triglot/go/internal/connection"
	"example.com/triglot/go/internal/logging"
	"example.com/triglot/go/internal/settings"
	"example.com/triglot/go/internal/store"
	"example.com/triglot/go/internal/tuning"
)

const usage = "usage: bench-worker workflows QUEUE | bench-worker activities QUEUE | bench-worker payloads"

func main() {
	if len(os.Args) == 2 && os.Args[1] == "payloads" {
		if err := bench.MeasurePayloads(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) != 3 || (os.Args[1] != "workflows" && os.Args[1] != "activities") {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	os.Exit(run(os.Args[1], os.Args[2]))
}

func run(kind, queue string) (exitCode int) {
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
	temporal, err := connection.Dial(ctx, options, config.ConnectTimeout)
	if errors.Is(err, context.Canceled) {
		return 0
	}
	if err != nil {
		return fail(1, err)
	}
	defer temporal.Close()
	if err := serve(ctx, temporal, kind, queue, config, logger); err != nil {
		return fail(1, err)
	}
	return 0
}

// serve works until ctx ends, which is no error, or until the worker fails.
func serve(
	ctx context.Context, temporal client.Client, kind, queue string, config settings.Settings, logger *slog.Logger,
) error {
	failed := make(chan error, 1)
	options := worker.Options{
		WorkerStopTimeout: 5 * time.Second,
		OnFatalError:      func(err error) { failed <- err },
	}
	if kind == "workflows" {
		// The SDK's word for a worker that polls for no activities of others.
		options.LocalActivityWorkerOnly = true
	} else {
		options.DisableWorkflowWorker = true
		if err := tuning.Apply(&options, config, sysinfo.SysInfoProvider()); err != nil {
			return err
		}
	}
	served := worker.New(temporal, queue, options)
	if kind == "workflows" {
		benchv1.RegisterBenchmarkServiceWorkflows(served, bench.Workflows{})
	} else {
		benchv1.RegisterBenchmarkServiceActivities(served, bench.NewActivities())
	}
	if err := served.Start(); err != nil {
		return err
	}
	logger.Info("worker started", "task_queue", queue)
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	served.Stop()
	logger.Info("worker stopped", "task_queue", queue)
	return err
}
