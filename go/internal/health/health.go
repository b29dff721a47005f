// Package health answers the probes of whoever runs the worker: whether its process lives, and whether it polls
// its task queue.
package health

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	taskqueuepb "go.temporal.io/api/taskqueue/v1"
)

const (
	// cacheTime keeps frequent probes from becoming a load on the server.
	cacheTime = time.Second
	// describeTimeout is shorter than a probe usually waits.
	describeTimeout = 2 * time.Second
	// readTimeout is for a request, and for the wait between two on a connection: one that a client forgot must
	// not stay open for the worker's life.
	readTimeout = 5 * time.Second
)

// Describe asks the server who polls the worker's task queue.
type Describe func(ctx context.Context) ([]*taskqueuepb.PollerInfo, error)

// Probe knows how a worker is. It is safe for concurrent use.
type Probe struct {
	taskQueue, identity string
	now                 func() time.Time
	started             time.Time
	stopping            atomic.Bool

	mutex    sync.Mutex
	describe Describe // nil until the worker is connected
	reason   string   // why the worker was not ready when last asked; empty where it was
	asked    time.Time
}

// NewProbe makes the probe of a worker that starts now and polls under an identity of its own.
func NewProbe(taskQueue, identity string) *Probe { return newProbe(taskQueue, identity, time.Now) }

func newProbe(taskQueue, identity string, now func() time.Time) *Probe {
	return &Probe{taskQueue: taskQueue, identity: identity, now: now, started: now()}
}

// Connected says how to ask the server, which is reached now.
func (p *Probe) Connected(describe Describe) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.describe = describe
}

// Stopping makes the worker not ready, for good.
func (p *Probe) Stopping() { p.stopping.Store(true) }

// notReady says in a sentence why the worker is not ready; it is empty where it is.
func (p *Probe) notReady() string {
	reason := ""
	if !p.stopping.Load() {
		reason = p.ask()
	}
	// Asking may have taken a while.
	if p.stopping.Load() {
		return "the worker is stopping"
	}
	return reason
}

func (p *Probe) ask() string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.describe == nil {
		return "the worker is not connected to the Temporal server yet"
	}
	if p.asked.IsZero() || p.now().Sub(p.asked) >= cacheTime {
		p.reason = p.judge()
		p.asked = p.now()
	}
	return p.reason
}

func (p *Probe) judge() string {
	ctx, cancel := context.WithTimeout(context.Background(), describeTimeout)
	defer cancel()
	pollers, err := p.describe(ctx)
	if err != nil {
		return fmt.Sprintf("the Temporal server cannot be asked who polls %s: %v", p.taskQueue, err)
	}
	for _, poller := range pollers {
		// A container that starts again has the identity of the one before, which the server lists for minutes.
		if poller.GetIdentity() == p.identity && poller.GetLastAccessTime().AsTime().After(p.started) {
			return ""
		}
	}
	return fmt.Sprintf("the Temporal server does not list this worker among the pollers of %s", p.taskQueue)
}

// ServeHTTP answers GET /healthz and GET /readyz as JSON.
func (p *Probe) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	if request.Method == http.MethodGet || request.Method == http.MethodHead {
		switch request.URL.Path {
		case "/healthz":
			answer(response, http.StatusOK, map[string]any{"status": "alive"})
			return
		case "/readyz":
			p.serveReadiness(response)
			return
		}
	}
	http.NotFound(response, request)
}

func (p *Probe) serveReadiness(response http.ResponseWriter) {
	reason := p.notReady()
	body := map[string]any{"ready": reason == "", "task_queue": p.taskQueue, "identity": p.identity}
	if reason == "" {
		answer(response, http.StatusOK, body)
		return
	}
	body["reason"] = reason
	answer(response, http.StatusServiceUnavailable, body)
}

func answer(response http.ResponseWriter, status int, body map[string]any) {
	response.Header().Set("Content-Type", "application/json")
	response.WriteHeader(status)
	// Where this fails, whoever asked is gone.
	_ = json.NewEncoder(response).Encode(body)
}

// Serve answers at an address, host:port, until closed. An error is a sentence: most likely the port is taken.
func Serve(address string, probe *Probe, logger *slog.Logger) (server *http.Server, err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot answer health probes at %s: %w", address, err)
	}
	server = &http.Server{
		Handler:     probe,
		ReadTimeout: readTimeout,
		// A probe that breaks off is no failure of the worker.
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := server.Serve(listener); err != http.ErrServerClosed {
			logger.Error("health endpoint failed", "error", err)
		}
	}()
	logger.Info("answering health probes", "address", listener.Addr().String())
	return server, nil
}
