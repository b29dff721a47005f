package health

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

const checkTimeout = 4 * time.Second

// Check asks the worker on this machine that answers at address, host:port, whether it is ready. An error says why
// it is not.
func Check(ctx context.Context, address string) error {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("TRIGLOT_HEALTH_ADDRESS is not set to host:port: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	// The worker may listen at all addresses, 0.0.0.0; it is asked at this machine's own.
	url := "http://" + net.JoinHostPort("127.0.0.1", port) + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		reason, _ := io.ReadAll(io.LimitReader(response.Body, 4096)) // what arrived is enough
		return fmt.Errorf("not ready: %s", reason)
	}
	return nil
}
