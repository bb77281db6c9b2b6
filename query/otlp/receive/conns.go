package receive

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/peer"
)

const (
	shedPause = 200 * time.Millisecond // between two closed connections, so that memory can come back
	shedAge   = 2 * time.Second        // how long a connection may hold a part of a request when others are refused
	maxPause  = time.Second            // that a connection is not read for the memory that others hold
)

var errShed = errors.New("closed for the memory that it held")

// conns are the open connections.
type conns struct {
	mu       sync.Mutex
	open     map[*conn]struct{}
	limit    int
	lastShed time.Time
}

// conn counts what came in since it last completed a request: what its client
// may make us hold.
//
// Rejected: smaller windows (a message of 16 MiB then takes as many round trips
// as it has windows), exact bytes a stream (gRPC does not tell).
type conn struct {
	net.Conn
	r          *Receiver
	unfinished atomic.Int64 // bytes
	since      atomic.Int64 // unix ns of the first of them
	serving    atomic.Int64 // requests that came in whole and are not answered yet
	closed     sync.Once
}

// listener makes conns of connections, and closes those above the limit at
// once: a client that is told so does better than one that waits.
type listener struct {
	net.Listener
	r *Receiver
}

func (l *listener) Accept() (net.Conn, error) {
	for {
		plain, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: plain, r: l.r}
		if l.r.conns.add(c) {
			return c, nil
		}
		l.r.count.connectionsRefused.Add(1)
		plain.Close() // nothing was sent that could be lost
	}
}

func (s *conns) add(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.open) >= s.limit {
		return false
	}
	s.open[c] = struct{}{}
	return true
}

func (s *conns) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.open)
}

// heaviest returns the connection with the most unfinished bytes, more than
// least, whose first came at least age ago, or nil. With an age it leaves those
// alone that wait for an answer, which might be that their spans are accepted.
// It pauses between two results.
func (s *conns) heaviest(least int64, age time.Duration) (found *conn) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.lastShed) < shedPause {
		return nil
	}
	most := least
	for c := range s.open {
		if age > 0 && c.serving.Load() > 0 {
			continue
		}
		held := c.unfinished.Load()
		if held > most && now.UnixNano()-c.since.Load() >= int64(age) {
			found, most = c, held
		}
	}
	if found != nil {
		s.lastShed = now
	}
	return found
}

// shed closes the connection that holds most, among those that have held it
// for this long, and finds what closed ones held.
func (r *Receiver) shed(age time.Duration) {
	r.budget.sweep()
	// What all may hold below the least is the budget: nobody fills it unseen.
	least := r.budget.limit / int64(r.conns.limit)
	if c := r.conns.heaviest(least, age); c != nil {
		r.count.connectionsShed.Add(1)
		c.Close() // whoever reads from it sees the error
	}
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 {
		held := c.unfinished.Add(int64(n))
		if held == int64(n) {
			c.since.Store(time.Now().UnixNano())
		}
		if held > c.r.options.InFlight {
			c.r.count.connectionsShed.Add(1)
			return 0, errShed
		}
		if c.r.budget.exceeded() {
			c.r.relieve()
		}
	}
	return n, err
}

// relieve closes connections until there is room again. It returns after
// maxPause all the same: those who hold nothing must not wait for those who do.
func (r *Receiver) relieve() {
	for end := time.Now().Add(maxPause); r.budget.exceeded() && time.Now().Before(end); {
		r.shed(0)
		time.Sleep(shedPause / 20)
	}
}

// finished notes that a request has come in whole, or was refused.
func (c *conn) finished() {
	if c != nil {
		c.unfinished.Store(0)
	}
}

// connOf returns the connection of a request over either protocol, nil where
// there is none of ours.
func connOf(ctx context.Context) *conn {
	if c, ok := ctx.Value(connKey{}).(*conn); ok {
		return c
	}
	if client, ok := peer.FromContext(ctx); ok {
		if addr, ok := client.Addr.(connAddr); ok {
			return addr.conn
		}
	}
	return nil
}

// serve calls do, which answers a request that has come in whole.
func (c *conn) serve(do func() answer) answer {
	if c != nil {
		c.serving.Add(1)
		defer c.serving.Add(-1)
	}
	return do()
}

func (c *conn) Close() error {
	c.closed.Do(func() {
		c.r.conns.mu.Lock()
		delete(c.r.conns.open, c)
		c.r.conns.mu.Unlock()
	})
	return c.Conn.Close()
}

// RemoteAddr names the client, and is how a gRPC handler finds its connection.
func (c *conn) RemoteAddr() net.Addr { return connAddr{c.Conn.RemoteAddr(), c} }

type connAddr struct {
	net.Addr
	conn *conn
}
