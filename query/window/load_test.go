package window

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"github.com/pfptrace/pfptrace/model"
)

// load is a stream of spans without an end, made of groups of 64 requests and
// the batch that links to them, in a shuffled order. Each span has 10
// attributes, three of which are random: 64 bits each, in hex.
//
// The spans of one round are made once and rewritten in place for the next:
// the window copies what it keeps.
type load struct {
	random *rand.Rand
	spans  []model.Span
	places []places
	mask   [16]byte // of the ids in this round
	change [16]byte // from the last round's
	at     int      // in spans
}

// places are where a span's message holds what every round changes.
type places struct {
	ids    []int // trace ids and span ids: 16 and 8 bytes, told apart by traces
	traces int   // how many of ids are trace ids, which come first
	times  int   // of two times, with a tag between
	values []int // of 16 hex digits
}

const (
	loadGroups = 7
	loadRound  = 40_000_000 // ns
)

func newLoad(seed uint64) *load {
	l := &load{random: rand.New(rand.NewPCG(seed, 0))}
	origin := model.MakeOrigin("example.com/load", model.String("service.name", "load"), model.String("host.name", "node-1"))
	for range loadGroups {
		l.group(origin)
	}
	l.random.Shuffle(len(l.spans), func(i, j int) {
		l.spans[i], l.spans[j] = l.spans[j], l.spans[i]
		l.places[i], l.places[j] = l.places[j], l.places[i]
	})
	l.round()
	return l
}

func (l *load) group(origin *model.Origin) {
	var links []model.DraftLink
	for range 64 {
		trace, root := l.trace(), l.span()
		l.add(origin, &model.Draft{Trace: trace, ID: root, Name: "POST /v1/calculate", Kind: model.KindServer})
		for n, name := range []string{"encode", "gateway.handle", "authorize", "GET quota", "validate structure", "queue.wait", "respond", "decode"} {
			id := l.span()
			if n == 0 {
				links = append(links, model.DraftLink{Ref: model.Ref{Trace: trace, Span: id}, Flags: 0x101})
			}
			l.add(origin, &model.Draft{Trace: trace, ID: id, Parent: root, Name: name, Kind: model.KindInternal})
		}
	}
	trace, root := l.trace(), l.span()
	l.add(origin, &model.Draft{Trace: trace, ID: root, Name: "consumer.batch", Kind: model.KindConsumer, Links: links})
	for _, name := range []string{"batch.form", "simulation.Api/Run", "api.handle", "gpu.compute"} {
		l.add(origin, &model.Draft{Trace: trace, ID: l.span(), Parent: root, Name: name, Kind: model.KindInternal})
	}
}

func (l *load) add(origin *model.Origin, d *model.Draft) {
	d.Start = 1_795_334_400_000_000_000 + l.random.Int64N(loadRound)
	d.End = d.Start + l.random.Int64N(loadRound)
	d.Attrs = []model.KeyValue{
		model.String("http.request.method", "POST"), model.Int("http.response.status_code", 200),
		model.String("url.path", "/v1/calculate"), model.Int("thread.id", l.random.Int64N(64)),
		model.Bool("app.cached", false), model.String("app.model", "pfp-v7.0.0"), model.String("server.address", "simulation-api.inference"),
	}
	for _, key := range []string{"app.request.id", "enduser.id", "app.structure.hash"} {
		d.Attrs = append(d.Attrs, model.String(key, fmt.Sprintf("%016x", l.random.Uint64())))
	}
	d.Flags = 0x101
	s := d.Span(origin)
	p := places{values: []int{}}
	for _, kv := range d.Attrs[7:] {
		p.values = append(p.values, bytes.Index(s.Raw, []byte(kv.Value().Str())))
	}
	p.ids = append(p.ids, bytes.Index(s.Raw, s.Trace[:]))
	for _, link := range d.Links {
		p.ids = append(p.ids, bytes.Index(s.Raw, link.Ref.Trace[:]))
	}
	p.traces = len(p.ids)
	p.ids = append(p.ids, bytes.Index(s.Raw, s.ID[:]))
	if !s.Parent.IsZero() {
		p.ids = append(p.ids, bytes.Index(s.Raw, s.Parent[:]))
	}
	for _, link := range d.Links {
		p.ids = append(p.ids, bytes.Index(s.Raw, link.Ref.Span[:]))
	}
	p.times = bytes.Index(s.Raw, binary.LittleEndian.AppendUint64(nil, uint64(s.Start)))
	l.spans, l.places = append(l.spans, s), append(l.places, p)
}

func (l *load) trace() (id model.TraceID) {
	binary.LittleEndian.PutUint64(id[:], l.random.Uint64())
	binary.LittleEndian.PutUint64(id[8:], l.random.Uint64())
	return id
}

func (l *load) span() (id model.SpanID) {
	binary.LittleEndian.PutUint64(id[:], l.random.Uint64())
	return id
}

// next returns up to n spans more, which are valid until the next call.
func (l *load) next(n int) []model.Span {
	if l.at == len(l.spans) {
		l.round()
	}
	first, end := l.at, min(l.at+n, len(l.spans))
	for i := first; i < end; i++ {
		l.rewrite(&l.spans[i], &l.places[i])
	}
	l.at = end
	return l.spans[first:end]
}

func (l *load) round() {
	var fresh [16]byte
	binary.LittleEndian.PutUint64(fresh[:], l.random.Uint64())
	binary.LittleEndian.PutUint64(fresh[8:], l.random.Uint64())
	for i := range fresh {
		l.change[i] = fresh[i] ^ l.mask[i]
	}
	l.mask, l.at = fresh, 0
}

func (l *load) rewrite(s *model.Span, p *places) {
	const digits = "0123456789abcdef"
	change := l.change[:]
	for i, at := range p.ids {
		if i < p.traces {
			xor(s.Raw[at+8:], change[8:])
		}
		xor(s.Raw[at:], change)
	}
	xor(s.Trace[:], change)
	xor(s.Trace[8:], change[8:])
	xor(s.ID[:], change)
	if !s.Parent.IsZero() {
		xor(s.Parent[:], change)
	}
	s.Start, s.End = s.Start+loadRound, s.End+loadRound
	binary.LittleEndian.PutUint64(s.Raw[p.times:], uint64(s.Start))
	binary.LittleEndian.PutUint64(s.Raw[p.times+9:], uint64(s.End))
	for _, at := range p.values {
		value := l.random.Uint64()
		for i := range 16 {
			s.Raw[at+i] = digits[value>>(4*i)&15]
		}
	}
}

func xor(b, change []byte) {
	binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^binary.LittleEndian.Uint64(change))
}

// request is how many spans come at a time.
const request = 512
