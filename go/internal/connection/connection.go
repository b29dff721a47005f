// Package connection connects to the Temporal server by the SDK's own environment configuration.
package connection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"

	"example.com/triglot/go/contract"
)

// retryInterval is the wait between two attempts to reach the server.
const retryInterval = 200 * time.Millisecond

// Options reads TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TLS, API key and profile, and adds the contract's
// payloads and this process's identity.
func Options(payloadEncoding string, logger *slog.Logger) (client.Options, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return client.Options{}, fmt.Errorf("bad Temporal configuration: %w", err)
	}
	payloads, err := contract.NewDataConverter(payloadEncoding)
	if err != nil {
		return client.Options{}, err
	}
	if options.HostPort == "" {
		options.HostPort = client.DefaultHostPort
	}
	if options.Namespace == "" {
		options.Namespace = client.DefaultNamespace
	}
	options.Identity, err = identity()
	if err != nil {
		return client.Options{}, err
	}
	options.DataConverter = payloads
	options.FailureConverter = contract.NewFailureConverter(payloads)
	options.Logger = sdklog.NewStructuredLogger(logger)
	return options, nil
}

// identity has the form that the other languages' SDKs have.
func identity() (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("find the host's name: %w", err)
	}
	return fmt.Sprintf("%d@%s", os.Getpid(), host), nil
}

// Dial connects, and tries again until the time is over: a worker that starts together with its server must
// not die of being the faster one. Its error is a sentence, or wraps ctx's where that ends before.
func Dial(ctx context.Context, options client.Options, timeout time.Duration) (client.Client, error) {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cause := errors.New("no answer")
	for {
		connection, err := client.DialContext(limited, options)
		if err == nil {
			return connection, nil
		}
		// An attempt that the time-out ends knows less than one before.
		if limited.Err() == nil {
			cause = innermost(err)
		}
		select {
		case <-time.After(retryInterval):
		case <-limited.Done():
			if ctx.Err() != nil {
				return nil, fmt.Errorf("stopped while connecting: %w", ctx.Err())
			}
			return nil, fmt.Errorf("cannot reach the Temporal server at %s within %v s: %w",
				options.HostPort, timeout.Seconds(), cause)
		}
	}
}

// innermost leaves out the SDK's own words around the cause.
func innermost(err error) error {
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return err
}
