package contract

import (
	"time"

	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"
)

// SignalChannel receives the requests of a signal. One that cannot be decoded, or is not there, is logged and
// passed over, for its sender has gone; the contract's rules are not asked, as of a workflow's own request.
type SignalChannel[Request proto.Message] struct {
	// Not embedded: the SDK's own methods would hand out what is passed over here.
	channel workflow.ReceiveChannel
	logger  log.Logger
}

// NewSignalChannel makes the channel of a signal.
func NewSignalChannel[Request proto.Message](ctx workflow.Context, signal string) SignalChannel[Request] {
	return SignalChannel[Request]{workflow.GetSignalChannel(ctx, signal), workflow.GetLogger(ctx)}
}

// Receive waits for a request. Selectors want AddTo instead.
func (c SignalChannel[Request]) Receive(ctx workflow.Context) Request {
	for {
		var request Request
		c.channel.Receive(ctx, &request)
		if c.holds(request) {
			return request
		}
	}
}

// ReceiveWithTimeout waits for a request until a time has passed or ctx is cancelled, and returns whether there is
// one.
func (c SignalChannel[Request]) ReceiveWithTimeout(
	ctx workflow.Context, timeout time.Duration,
) (request Request, ok bool) {
	// Cancelled and late are alike, as they are to the SDK's channels.
	_, _ = workflow.AwaitWithTimeout(ctx, timeout, func() bool {
		request, ok = c.ReceiveAsync()
		return ok
	})
	return request, ok
}

// ReceiveAsync returns a request that has arrived already, and whether there is one.
func (c SignalChannel[Request]) ReceiveAsync() (Request, bool) {
	for {
		var request Request
		if !c.channel.ReceiveAsync(&request) {
			return request, false
		}
		if c.holds(request) {
			return request, true
		}
	}
}

// AddTo adds the channel to a selector, which it returns. A signal that is passed over ends a Select too, but
// without a call of receive: call Select until what you wait for is there.
func (c SignalChannel[Request]) AddTo(selector workflow.Selector, receive func(Request)) workflow.Selector {
	return selector.AddReceive(c.channel, func(workflow.ReceiveChannel, bool) {
		// Never the one that waits: it would keep the selector's other branches waiting too.
		if request, ok := c.ReceiveAsync(); ok {
			receive(request)
		}
	})
}

func (c SignalChannel[Request]) holds(request Request) bool {
	err := requirePresent(request)
	if err != nil {
		c.logger.Error("a signal is passed over", "signal", c.channel.Name(), "error", err)
	}
	return err == nil
}
