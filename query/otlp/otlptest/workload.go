// Package otlptest makes OTLP trace data for tests and benchmarks: a batch
// system under load, with the roles of the pfptrace profile.
package otlptest

import (
	"fmt"
	"math/rand/v2"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
)

const (
	perMessage = 512 // spans in an export request, an SDK's default
	batchSize  = 64  // requests that one batch serves
	groupSpans = batchSize*requestSpans + batchSpans

	requestSpans = 9
	batchSpans   = 5

	epoch    = 1_795_334_400_000_000_000 // unix ns of the first request
	interval = 20_000_000                // ns from one batch to the next
)

// Workload returns export requests that hold at least this many spans: whole
// batches, each a trace of 5 spans whose root links to the queue spans of 64
// requests, and their requests, each a trace of 9 spans. A message holds up to
// 512 spans of one service. The same seed gives the same bytes.
//
// Every request is really served by its batch: its queue span ends while the
// batch forms, and its answer comes after the batch's work.
func Workload(spans int, seed uint64) [][]byte {
	g := &generator{random: rand.New(rand.NewPCG(seed, 0))}
	g.services()
	for group := int64(0); g.made < spans; group++ {
		g.group(epoch + group*interval)
	}
	for i := range g.senders {
		g.flush(&g.senders[i])
	}
	return g.messages
}

// sender is a service that exports its spans.
type sender struct {
	origin  *model.Origin
	pending []model.Span
}

const (
	client = iota
	gateway
	consumer
	server
	serviceCount
)

type generator struct {
	random   *rand.Rand
	senders  [serviceCount]sender
	messages [][]byte
	made     int
}

func (g *generator) services() {
	for i, name := range []string{"notebook-client", "inference-gateway", "batch-consumer", "simulation-api"} {
		g.senders[i].origin = model.MakeOrigin("example.com/"+name,
			model.String("service.name", name),
			model.String("service.version", "2.14.3"),
			model.String("service.instance.id", fmt.Sprintf("%s-7d9f8b6c5-%04x", name, g.random.Uint32()&0xffff)),
			model.String("host.name", "node-"+name),
			model.String("telemetry.sdk.name", "opentelemetry"),
			model.String("telemetry.sdk.language", "go"),
			model.String("telemetry.sdk.version", "1.47.0"),
			model.String("deployment.environment.name", "production"),
			model.String("k8s.namespace.name", "inference"),
			model.Int("process.pid", int64(1000+i)))
	}
}

// add encodes a span and exports what is pending once there is enough.
func (g *generator) add(service int, d *model.Draft) {
	s := &g.senders[service]
	d.Flags = 0x101
	s.pending = append(s.pending, d.Span(s.origin))
	g.made++
	if len(s.pending) == perMessage {
		g.flush(s)
	}
}

func (g *generator) flush(s *sender) {
	if len(s.pending) > 0 {
		g.messages = append(g.messages, otlp.AppendExport(nil, s.pending))
		s.pending = s.pending[:0]
	}
}

func (g *generator) traceID() (id model.TraceID) {
	for i := range 16 {
		id[i] = byte(g.random.Uint32())
	}
	id[0] |= 1 // never zero
	return id
}

func (g *generator) spanID() (id model.SpanID) {
	for i := range 8 {
		id[i] = byte(g.random.Uint32())
	}
	id[0] |= 1
	return id
}

// upTo returns a random time below n ns.
func (g *generator) upTo(n int64) int64 { return g.random.Int64N(n) }
