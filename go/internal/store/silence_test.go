package store

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"
)

// trickle answers with a head, and with a byte at every tick.
func trickle(t *testing.T, ticks int, pause time.Duration, stall bool) *http.Response {
	t.Helper()
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, _ *http.Request) {
		for range ticks {
			_, _ = io.WriteString(answer, "x")
			_ = http.NewResponseController(answer).Flush()
			<-time.After(pause)
		}
		if stall {
			<-ended
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(ended) })
	client := newHTTPClient(300 * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestStalledBodyEnds(t *testing.T) {
	content, err := io.ReadAll(trickle(t, 3, 0, true).Body)
	// Not the test's own deadline.
	if !errors.Is(err, os.ErrDeadlineExceeded) || len(content) != 3 {
		t.Errorf("%d bytes, error = %v; want 3 and the connection's deadline", len(content), err)
	}
}

func TestSlowBodyGoesOn(t *testing.T) {
	if content, err := io.ReadAll(trickle(t, 12, 50*time.Millisecond, false).Body); err != nil || len(content) != 12 {
		t.Errorf("%d bytes, error = %v; want 12", len(content), err)
	}
}
