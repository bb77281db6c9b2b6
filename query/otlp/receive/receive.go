package receive

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"

	"github.com/pfptrace/pfptrace/model"
)

// Sink takes what was accepted. It is called from many goroutines at once; the
// client waits for its answer. It owns the batch from then on. [ErrBusy] tells
// the client to come back later, and so does any other error: in both cases the
// sink must have kept nothing.
type Sink func(*Batch) error

// ErrBusy is a sink's answer under pressure.
var ErrBusy = errors.New("busy: try again later")

// Batch is one export request of traces.
type Batch struct {
	// Message is an ExportTraceServiceRequest in protobuf, decompressed,
	// whatever the client sent. It never changes.
	Message []byte
	// Spans are what could be read of it, at least one. Their Raw aliases
	// Message, or memory of their own where the client sent JSON.
	Spans []model.Span

	home *recycler
}

// Release gives the memory of a batch back for the next one. It may be left
// out; who calls it keeps nothing that aliases Message, Spans or the strings in
// them, Origins apart.
func (b *Batch) Release() {
	if b.home != nil {
		b.home.put(b.Message, b.Spans)
	}
	*b = Batch{}
}

// Options say where to listen, for whom, and how much to take. The zero value
// of a limit is its default.
type Options struct {
	GRPCAddr string // host:port, port 0 for any; "" for no gRPC
	HTTPAddr string // likewise

	TLS      *tls.Config // nil: plain; see LoadTLS
	Token    string      // clients must send it as a bearer token; "" for none
	Insecure bool        // listen beyond loopback without TLS and a token
	Origins  []string    // web pages that may send from browsers, "*" for all; none: no CORS

	MaxMessage     int   // bytes of a request, as it comes and decompressed; 16 MiB
	InFlight       int64 // bytes of requests that are here at a time, at least MaxMessage; 64 MiB
	MaxConnections int   // at a time, both protocols together; 1024

	Timeout time.Duration // for a request to be here and answered, and for TLS and HTTP headers a third of it; 30 s
}

const (
	defaultMaxMessage     = 16 << 20
	defaultInFlight       = 64 << 20
	defaultMaxConnections = 1024
	defaultTimeout        = 30 * time.Second
)

// Receiver listens until it is shut down.
type Receiver struct {
	options Options
	sink    Sink
	token   token

	budget   budget
	conns    conns
	recycled recycler
	decoders decoders
	inflate  inflater
	count    counts

	grpcListener, httpListener net.Listener
	grpc                       *grpc.Server
	http                       *http.Server
	health                     *health.Server

	serving sync.WaitGroup
	forget  func() bool // the context of Listen
	failure chan error  // the first error of a server that nobody stopped
}

// Listen opens the ports and serves them until Shutdown, or until ctx is done:
// then it closes at once.
func Listen(ctx context.Context, options Options, sink Sink) (*Receiver, error) {
	r, err := newReceiver(options, sink)
	if err != nil {
		return nil, err
	}
	if err := r.open(ctx); err != nil {
		r.close()
		return nil, err
	}
	r.serve()
	r.forget = context.AfterFunc(ctx, r.close)
	return r, nil
}

func newReceiver(options Options, sink Sink) (*Receiver, error) {
	options.MaxMessage = withDefault(options.MaxMessage, defaultMaxMessage)
	options.InFlight = withDefault(options.InFlight, defaultInFlight)
	options.MaxConnections = withDefault(options.MaxConnections, defaultMaxConnections)
	options.Timeout = withDefault(options.Timeout, defaultTimeout)
	if options.InFlight < int64(options.MaxMessage) {
		return nil, fmt.Errorf("%d bytes in flight are less than one message may have, %d", options.InFlight, options.MaxMessage)
	}
	r := &Receiver{options: options, sink: sink, token: newToken(options.Token), failure: make(chan error, 2)}
	r.budget.limit = options.InFlight
	r.conns.limit = options.MaxConnections
	r.conns.open = make(map[*conn]struct{})
	if err := r.inflate.init(options.MaxMessage); err != nil {
		return nil, err
	}
	r.grpc, r.http = r.newGRPC(), r.newHTTP()
	return r, nil
}

func withDefault[T int | int64 | time.Duration](value, otherwise T) T {
	if value <= 0 {
		return otherwise
	}
	return value
}

func (r *Receiver) serve() {
	if r.grpcListener != nil {
		r.serving.Go(func() { r.failed(r.grpc.Serve(r.grpcListener)) })
	}
	if r.httpListener != nil {
		r.serving.Go(func() { r.failed(r.serveHTTP()) })
	}
}

func (r *Receiver) failed(err error) {
	if err != nil && !errors.Is(err, grpc.ErrServerStopped) && !errors.Is(err, http.ErrServerClosed) {
		r.failure <- err
	}
}

// Failed yields the error of a port that can no longer be served.
func (r *Receiver) Failed() <-chan error { return r.failure }

// GRPCAddr returns the address of the gRPC port, "" for none.
func (r *Receiver) GRPCAddr() string { return addrOf(r.grpcListener) }

// HTTPAddr returns the address of the HTTP port, "" for none.
func (r *Receiver) HTTPAddr() string { return addrOf(r.httpListener) }

func addrOf(l net.Listener) string {
	if l == nil {
		return ""
	}
	return l.Addr().String()
}

// Shutdown takes no new requests and waits for those that are here, whose
// batches the sink still gets. When ctx is done it closes at once and returns
// its error.
func (r *Receiver) Shutdown(ctx context.Context) error {
	r.forget()
	r.health.Shutdown()
	stop := context.AfterFunc(ctx, r.close)
	defer stop()
	var both sync.WaitGroup
	both.Go(r.grpc.GracefulStop)
	err := r.http.Shutdown(ctx)
	both.Wait()
	r.serving.Wait()
	return errors.Join(err, ctx.Err())
}

// close ends all connections. Calls of the sink that are under way go on.
func (r *Receiver) close() {
	r.grpc.Stop()
	r.http.Close() // a second close says nothing new
	for _, l := range []net.Listener{r.grpcListener, r.httpListener} {
		if l != nil {
			l.Close() // likewise
		}
	}
}
