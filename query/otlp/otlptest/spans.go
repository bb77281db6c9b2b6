package otlptest

import (
	"fmt"

	"github.com/pfptrace/pfptrace/model"
)

// One batch and its requests, in milliseconds after the group's start:
//
//	request    0..14 ─────────────────────────────────────────── 38..39
//	  gateway   +0.2 ────────────────────────────────────────── −0.2
//	    queue      +0.6 ────── 15
//	batch             8 ───────────────────────────────── 35
//	  form            8 ──────── 16
//	  rpc                        16 ─────────────────── 34
//	    server                      16.5 ──────────── 33.5
//	      gpu                         17 ───────── 32
const ms = 1_000_000

// group makes the 64 requests and the one batch that serves them.
func (g *generator) group(start int64) {
	links := make([]model.DraftLink, 0, batchSize)
	for i := range int64(batchSize) {
		queue := g.request(start+i*14*ms/batchSize+g.upTo(ms/10), start+15*ms+g.upTo(ms/10), start+38*ms+g.upTo(ms))
		links = append(links, model.DraftLink{Ref: queue, Flags: 0x101})
	}
	g.batch(start, links)
}

// request makes a request trace and returns its queue span. The queue ends at
// taken, the request at end.
func (g *generator) request(start, taken, end int64) (queue model.Ref) {
	t := &tree{g: g, trace: g.traceID()}
	root := t.span(client, model.SpanID{}, "POST /v1/calculate", model.KindClient, start, end, "request")
	t.span(client, root, "encode", model.KindInternal, start+10_000, start+90_000, "")
	gate := t.span(gateway, root, "gateway.handle", model.KindServer, start+ms/5, end-ms/5, "gateway")
	t.span(gateway, gate, "authorize", model.KindInternal, start+ms/5+20_000, start+ms/5+120_000, "")
	t.span(gateway, gate, "GET quota", model.KindClient, start+ms/5+130_000, start+ms/5+250_000, "")
	t.span(gateway, gate, "validate structure", model.KindInternal, start+ms/5+260_000, start+ms/5+390_000, "")
	wait := t.span(gateway, gate, "queue.wait", model.KindProducer, start+ms*6/10, taken, "queue")
	t.span(gateway, gate, "respond", model.KindInternal, end-ms/2, end-ms/4, "")
	t.span(client, root, "decode", model.KindInternal, end-ms/8, end-ms/16, "")
	return model.Ref{Trace: t.trace, Span: wait}
}

// batch makes the batch trace of a group.
func (g *generator) batch(start int64, links []model.DraftLink) {
	t := &tree{g: g, trace: g.traceID(), links: links, extra: []model.KeyValue{
		model.Int("pfptrace.batch.size", batchSize),
		model.Int("pfptrace.batch.max_size", batchSize),
		model.String("pfptrace.batch.close_reason", "full"),
	}}
	root := t.span(consumer, model.SpanID{}, "consumer.batch", model.KindConsumer, start+8*ms, start+35*ms, "batch")
	t.links, t.extra = nil, nil
	t.span(consumer, root, "batch.form", model.KindInternal, start+8*ms, start+16*ms, "form")
	call := t.span(consumer, root, "simulation.Api/Run", model.KindClient, start+16*ms, start+34*ms, "rpc")
	handle := t.span(server, call, "api.handle", model.KindServer, start+16*ms+ms/2, start+33*ms+ms/2, "server")
	t.extra = []model.KeyValue{model.String("pfptrace.device", "gpu0"), model.String("pfptrace.backend", "cuda")}
	t.span(server, handle, "gpu.compute", model.KindInternal, start+17*ms, start+32*ms-g.upTo(ms), "gpu")
}

// tree is a trace that is being made.
type tree struct {
	g     *generator
	trace model.TraceID
	links []model.DraftLink // of the next span
	extra []model.KeyValue
}

// span makes one span and returns its id. One of fifty failed.
func (t *tree) span(service int, parent model.SpanID, name string, kind model.Kind, start, end int64, role string) model.SpanID {
	d := model.Draft{
		Trace: t.trace, ID: t.g.spanID(), Parent: parent, Name: name, Kind: kind,
		Start: start, End: end, Attrs: t.g.attributes(role), Links: t.links,
	}
	d.Attrs = append(d.Attrs, t.extra...)
	if t.g.upTo(50) == 0 {
		d.Status, d.StatusMessage = model.StatusError, "deadline exceeded while waiting"
	}
	t.g.add(service, &d)
	return d.ID
}

// attributes makes 8 to 12 attributes, six of ten of them strings.
func (g *generator) attributes(role string) []model.KeyValue {
	attrs := make([]model.KeyValue, 0, 12)
	if role != "" {
		attrs = append(attrs, model.String("pfptrace.role", role))
	}
	attrs = append(attrs,
		model.String("http.request.method", "POST"),
		model.Int("http.response.status_code", 200),
		model.String("url.path", "/v1/calculate"),
		model.String("enduser.id", fmt.Sprintf("user-%04d", g.upTo(5000))),
		model.Int("thread.id", 1+g.upTo(64)),
		model.String("app.request.id", fmt.Sprintf("%016x", g.random.Uint64())),
		model.Int("app.atoms", 20+g.upTo(400)),
		model.Bool("app.cached", g.upTo(4) == 0))
	if g.upTo(2) == 0 {
		attrs = append(attrs, model.String("app.model", "pfp-v7.0.0"), model.Double("app.cutoff", 6))
	}
	if g.upTo(2) == 0 {
		attrs = append(attrs, model.String("server.address", "simulation-api.inference"))
	}
	return attrs
}
