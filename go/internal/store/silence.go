package store

import (
	"context"
	"net"
	"net/http"
	"time"
)

// longestSilence is how long a storage may neither send nor take anything while it is asked for something.
const longestSilence = 10 * time.Second

// endSilence makes a transport's connections fail once nothing has passed either way for so long. The transport's
// own limits end with an answer's head: a body that stalls would be waited for without end, and a limit on the
// whole would fail what is large and slow.
func endSilence(transport *http.Transport, silence time.Duration) {
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &watchedConn{conn, silence}, nil
	}
	// An unused connection is silent as well, and must not end under a request that has just taken it.
	transport.IdleConnTimeout = silence / 2
}

type watchedConn struct {
	net.Conn
	silence time.Duration
}

func (c *watchedConn) Read(content []byte) (int, error) {
	if err := c.extend(); err != nil {
		return 0, err
	}
	return c.Conn.Read(content)
}

func (c *watchedConn) Write(content []byte) (int, error) {
	const step = 64 << 10 // since one write of everything is done only when the last byte has passed
	written := 0
	for {
		if err := c.extend(); err != nil {
			return written, err
		}
		count, err := c.Conn.Write(content[written:min(written+step, len(content))])
		written += count
		if err != nil || written == len(content) {
			return written, err
		}
	}
}

// extend moves the deadline of both ways, also of a read that waits already: while a request is being sent, its
// answer is not late.
func (c *watchedConn) extend() error { return c.SetDeadline(time.Now().Add(c.silence)) }
