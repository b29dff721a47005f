package simulation

import (
	"context"
	"time"

	riskv1 "example.com/triglot/go/risk/v1"
)

// SetClock gives the activities another clock.
func (a *Activities) SetClock(now func() time.Time) { a.now = now }

// SetDelivery replaces the client that the SDK's test environment lacks.
func (a *Activities) SetDelivery(deliver func(*riskv1.ShardCheckpoint) error) {
	a.deliver = func(_ context.Context, checkpoint *riskv1.ShardCheckpoint) error { return deliver(checkpoint) }
}

// NewTestHeartbeats makes heartbeats that go to a function instead of a server.
func NewTestHeartbeats(record func(*riskv1.ShardCheckpoint)) *heartbeats {
	return &heartbeats{record: record}
}

// KeepUp is keepUp.
func (h *heartbeats) KeepUp(interval time.Duration) (stop func()) { return h.keepUp(interval) }

// Carry is carry.
func (h *heartbeats) Carry(checkpoint *riskv1.ShardCheckpoint) { h.carry(checkpoint) }
