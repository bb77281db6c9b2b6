package receive_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/pfptrace/pfptrace/query/otlp/receive"
)

// What a client was told is accepted is with the sink; what is here when the
// end comes is still taken.
func TestShutdownWaitsForWhatIsHere(t *testing.T) {
	held := &gate{opened: make(chan struct{})}
	r := start(t, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback}, held.keep)
	answers := make(chan error, 2)
	conn := dial(t, r)
	go func() {
		_, err := export(context.Background(), conn, oneSpan("grpc"))
		answers <- err
	}()
	go func() {
		response, _ := post(t, tracesURL(r), string(oneSpan("http")), contentType, protobufType)
		if response.StatusCode != 200 {
			answers <- errors.New(response.Status)
			return
		}
		answers <- nil
	}()
	eventually(t, "both are with the sink", func() bool { return held.waiting.Load() == 2 })
	done := make(chan error)
	go func() { done <- r.Shutdown(context.Background()) }()
	eventually(t, "the ports are closed", func() bool {
		conn, err := net.Dial("tcp", r.HTTPAddr())
		if err == nil {
			conn.Close()
		}
		return err != nil
	})
	close(held.opened)
	for range 2 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	if err := <-done; err != nil || len(held.spans) != 2 {
		t.Errorf("%v, %d spans", err, len(held.spans))
	}
}

func TestShutdownEndsWithItsContext(t *testing.T) {
	held := &gate{opened: make(chan struct{})}
	r, err := receive.Listen(context.Background(), receive.Options{GRPCAddr: loopback}, held.keep)
	if err != nil {
		t.Fatal(err)
	}
	conn := dial(t, r)
	go export(context.Background(), conn, oneSpan("a")) // answered by the end
	eventually(t, "it is with the sink", func() bool { return held.waiting.Load() == 1 })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	ended := make(chan error)
	go func() { ended <- r.Shutdown(ctx) }()
	time.AfterFunc(time.Second, func() { close(held.opened) })
	if err := <-ended; !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestTheContextEndsTheReceiver(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	r, err := receive.Listen(ctx, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback}, new(store).keep)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for _, address := range []string{r.GRPCAddr(), r.HTTPAddr()} {
		eventually(t, address+" is closed", func() bool {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				conn.Close()
			}
			return err != nil
		})
	}
	if err := r.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	select {
	case err := <-r.Failed():
		t.Errorf("an end that was asked for is a failure: %v", err)
	default:
	}
}
