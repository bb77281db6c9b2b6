package receive

import (
	"errors"
	"fmt"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// media is how a request over HTTP is written; gRPC knows protobuf only.
type media uint8

const (
	protobuf media = iota
	jsonText
)

// accept decodes a request of traces, gives it to the sink and says what to
// answer. It owns message, whose bytes its caller has charged to the budget.
func (r *Receiver) accept(message []byte, form media) answer {
	spans, refused, err := r.decode(message, form)
	if err != nil {
		// What stands before the malformed place is not kept: the client is
		// told that all of it was refused, and must not be told a lie.
		r.recycled.put(message, spans)
		return r.malformed(err)
	}
	if form == jsonText {
		document := message
		message = otlp.AppendExport(r.recycled.buffer(len(document)/2), spans)
		r.recycled.put(document, nil)
	}
	count, size := len(spans), len(message)
	if count == 0 {
		r.recycled.put(message, spans)
	} else if err := r.sink(&Batch{message, spans, &r.recycled}); err != nil {
		return r.declined(err)
	}
	r.count.requests.Add(1)
	r.count.spans.Add(uint64(count))
	r.count.bytes.Add(uint64(size))
	return r.partial(refused, count)
}

func (r *Receiver) decode(message []byte, form media) ([]model.Span, []otlp.Refusal, error) {
	decoder := r.decoders.get()
	if len(message) <= maxRecycledBytes { // scratch for a large document is not kept
		defer r.decoders.put(decoder)
	}
	read := decoder.Proto
	if form == jsonText {
		read = decoder.JSON
	}
	spans, err := read(r.recycled.spanSlice(), message)
	return spans, decoder.TakeRefused(), err
}

// declined answers for a sink that did not take a batch.
func (r *Receiver) declined(err error) answer {
	if errors.Is(err, ErrBusy) {
		return r.busy()
	}
	return unavailable(err.Error())
}

// partial answers for a request of which kept spans were accepted.
func (r *Receiver) partial(refused []otlp.Refusal, kept int) (a answer) {
	text := ""
	for _, refusal := range refused {
		if refusal.Dropped {
			a.rejected += int64(refusal.Count)
		}
		text += fmt.Sprintf("; %s: %d, the first %q", refusal.Reason, refusal.Count, refusal.Example)
	}
	if text != "" {
		r.count.refusedSpans.Add(uint64(a.rejected))
		a.text = fmt.Sprintf("%d of %d spans left out%s", a.rejected, a.rejected+int64(kept), text)
	}
	return a
}
