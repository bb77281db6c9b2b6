package receive_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
	"github.com/pfptrace/pfptrace/query/otlp/receive"
)

// gate is a sink that holds every batch until it is opened.
type gate struct {
	store
	opened  chan struct{}
	waiting atomic.Int64
}

func (g *gate) keep(b *receive.Batch) error {
	g.waiting.Add(1)
	<-g.opened
	return g.store.keep(b)
}

// While the store's writer is held back, clients are told to come back later,
// over both protocols; what was accepted is intact, and all recovers by itself.
func TestPressureIsToldAndPasses(t *testing.T) {
	long(t)
	const limit = 4 << 20
	held := &gate{opened: make(chan struct{})}
	r := start(t, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback, MaxMessage: 1 << 20, InFlight: limit}, held.keep)
	messages := otlptest.Workload(30_000, 1) // two and a half times the limit
	var accepted, busy atomic.Int64
	var clients sync.WaitGroup
	conn := dial(t, r)
	for i, message := range messages {
		clients.Go(func() {
			if i%2 == 0 {
				response, _ := post(t, tracesURL(r), string(message), contentType, protobufType)
				count(t, response.StatusCode == http.StatusOK, response.StatusCode == http.StatusTooManyRequests && response.Header.Get("Retry-After") == "1", &accepted, &busy)
				return
			}
			_, err := export(context.Background(), conn, message)
			told := status.Code(err) == codes.ResourceExhausted && retryInfo(err).GetRetryDelay().AsDuration() == time.Second
			count(t, err == nil, told, &accepted, &busy)
		})
	}
	eventually(t, "clients are told", func() bool { return busy.Load() > 0 && held.waiting.Load()+busy.Load() == int64(len(messages)) })
	if used := r.Stats().InFlight; used > limit {
		t.Errorf("%d bytes are in flight, the limit is %d", used, limit)
	}
	// However long they wait: no connection is closed that an answer will go to.
	time.Sleep(2200 * time.Millisecond)
	if _, err := export(context.Background(), conn, messages[0]); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("still under pressure: %v", err)
	}
	busy.Add(1)
	if shed := r.Stats().ConnectionsShed; shed != 0 {
		t.Errorf("%d connections were closed", shed)
	}
	close(held.opened)
	clients.Wait()
	if accepted.Load() != held.waiting.Load() || int(accepted.Load()) != len(held.messages) || r.Stats().Busy != uint64(busy.Load()) {
		t.Errorf("%d accepted, %d in the store, %d told to come back, stats %+v", accepted.Load(), len(held.messages), busy.Load(), r.Stats())
	}
	if _, err := export(context.Background(), conn, messages[0]); err != nil {
		t.Errorf("after the pressure: %v", err)
	}
}

func count(t *testing.T, accepted, busy bool, counts ...*atomic.Int64) {
	switch {
	case accepted:
		counts[0].Add(1)
	case busy:
		counts[1].Add(1)
	default:
		t.Error("neither accepted nor told to come back")
	}
}

func TestASinkThatIsBusySaysSo(t *testing.T) {
	long(t)
	r := start(t, receive.Options{GRPCAddr: loopback, HTTPAddr: loopback}, func(*receive.Batch) error {
		return fmt.Errorf("the window: %w", receive.ErrBusy)
	})
	if _, err := export(context.Background(), dial(t, r), oneSpan("a")); status.Code(err) != codes.ResourceExhausted || retryInfo(err) == nil {
		t.Errorf("gRPC: %v", err)
	}
	if response, _ := post(t, tracesURL(r), string(oneSpan("a")), contentType, protobufType); response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("HTTP: %s", response.Status)
	}
}

// A request that is refused half read does not count for ever.
func TestRefusedRequestsLeaveNothingBehind(t *testing.T) {
	long(t)
	r := start(t, receive.Options{GRPCAddr: loopback, MaxMessage: 4096}, new(store).keep)
	conn := dial(t, r)
	for range 20 {
		if _, err := export(context.Background(), conn, make([]byte, 500_000)); status.Code(err) != codes.ResourceExhausted {
			t.Fatal(err)
		}
	}
	eventually(t, "what they held is free", func() bool {
		runtime.GC()
		return r.Stats().InFlight <= 64<<10 // the transport holds its last frames
	})
}

// Batches that are released lend their memory to the next ones, and only then.
func TestReleasedMemoryIsUsedAgain(t *testing.T) {
	long(t)
	messages := otlptest.Workload(2_000, 1)
	var kept store
	r := start(t, receive.Options{GRPCAddr: loopback}, func(b *receive.Batch) error {
		if b.Spans[0].Origin.Service == "batch-consumer" {
			return kept.keep(b)
		}
		b.Release()
		return nil
	})
	conn := dial(t, r)
	for range 20 {
		for _, message := range messages {
			if _, err := export(context.Background(), conn, message); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, message := range kept.messages {
		if string(message) != string(kept.messages[0]) {
			t.Fatal("a message that was kept has changed")
		}
	}
	for i := range kept.spans {
		if kept.spans[i].Origin.Service != "batch-consumer" {
			t.Fatalf("span %d, which was kept, has changed: %+v", i, kept.spans[i])
		}
	}
}
