package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"time"

	benchv1 "example.com/triglot/go/bench/v1"
)

// connections is how many to one host are kept, where the default transport keeps two.
const connections = 200

// Activities implements the contract's BenchmarkServiceActivities.
type Activities struct {
	web *http.Client
}

// NewActivities makes the activities with a pool of connections.
func NewActivities() *Activities {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = connections
	transport.MaxIdleConnsPerHost = connections
	return &Activities{web: &http.Client{Transport: transport}}
}

// Call does one piece of work.
func (a *Activities) Call(ctx context.Context, request *benchv1.CallRequest) (*benchv1.CallResponse, error) {
	var answer []byte
	var err error
	switch work := request.GetWork().(type) {
	case *benchv1.CallRequest_Echo:
		answer = work.Echo.GetPayload()
	case *benchv1.CallRequest_Compute:
		answer = binary.BigEndian.AppendUint32(nil, compute(work.Compute.GetIterations()))
	case *benchv1.CallRequest_Fetch:
		answer, err = a.fetch(ctx, work.Fetch.GetUrl())
	case *benchv1.CallRequest_Wait:
		err = wait(ctx, time.Duration(work.Wait.GetMilliseconds())*time.Millisecond)
	}
	if err != nil {
		return nil, err
	}
	return &benchv1.CallResponse{Payload: answer}, nil
}

func compute(iterations int32) uint32 {
	x := uint32(1)
	for range iterations {
		x = 1664525*x + 1013904223
	}
	return x
}

func wait(ctx context.Context, duration time.Duration) error {
	select {
	case <-time.After(duration):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (a *Activities) fetch(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := a.web.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answered %s", url, response.Status)
	}
	return io.ReadAll(response.Body)
}
