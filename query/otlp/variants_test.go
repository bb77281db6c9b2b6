package otlp_test

import (
	"encoding/binary"
	"slices"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

// schema says which fields of a message are messages themselves.
type schema map[protowire.Number]schema

// schemas returns the schema of a TracesData.
func schemas() schema {
	value, keyValue := schema{}, schema{}
	value[5] = schema{1: value}
	value[6] = schema{1: keyValue}
	keyValue[2] = value
	span := schema{9: keyValue, 11: {3: keyValue}, 13: {4: keyValue}, 15: {}}
	return schema{1: {1: {1: keyValue}, 2: {1: {3: keyValue}, 2: span}}}
}

// piece is one field as it stands on the wire.
type piece struct {
	number protowire.Number
	wire   protowire.Type
	body   []byte // the payload, without the length of a bytes field
}

func cut(msg []byte) (pieces []piece) {
	for len(msg) > 0 {
		number, wire, n := protowire.ConsumeTag(msg)
		size := protowire.ConsumeFieldValue(number, wire, msg[n:])
		body := msg[n : n+size]
		if wire == protowire.BytesType {
			body, _ = protowire.ConsumeBytes(body)
		}
		pieces = append(pieces, piece{number, wire, body})
		msg = msg[n+size:]
	}
	return pieces
}

// variant is another way to write a message that must read the same.
type variant struct {
	name  string
	order func([]piece) []piece           // of the fields of every message
	write func(b []byte, n uint64) []byte // varints; nil: as short as they can be
	more  func(b []byte) []byte           // before every field
	twice bool                            // scalars stand twice, the first time with another value
	parts bool                            // messages that can stand once are written in two parts
}

func variants() []variant {
	return []variant{
		{name: "as it is"},
		{name: "long varints", write: func(b []byte, n uint64) []byte {
			for range 3 {
				b, n = append(b, byte(n)|0x80), n>>7
			}
			return protowire.AppendVarint(b, n)
		}},
		{name: "fields in falling order", order: func(pieces []piece) []piece {
			slices.SortStableFunc(pieces, func(x, y piece) int { return int(y.number - x.number) })
			return pieces
		}},
		{name: "unknown fields", more: func(b []byte) []byte {
			b = protowire.AppendVarint(protowire.AppendTag(b, 1001, protowire.VarintType), 1<<60)
			b = protowire.AppendFixed64(protowire.AppendTag(b, 1002, protowire.Fixed64Type), 7)
			b = protowire.AppendBytes(protowire.AppendTag(b, 1003, protowire.BytesType), []byte("who knows"))
			return protowire.AppendFixed32(protowire.AppendTag(b, 1004, protowire.Fixed32Type), 7)
		}},
		{name: "groups", more: func(b []byte) []byte {
			b = protowire.AppendTag(b, 1005, protowire.StartGroupType)
			b = protowire.AppendTag(b, 1006, protowire.StartGroupType)
			b = protowire.AppendVarint(protowire.AppendTag(b, 1, protowire.VarintType), 5)
			b = protowire.AppendTag(b, 1006, protowire.EndGroupType)
			return protowire.AppendTag(b, 1005, protowire.EndGroupType)
		}},
		{name: "known numbers with other wire types", more: func(b []byte) []byte {
			for number := protowire.Number(1); number <= 16; number++ {
				if number != 6 && number != 16 { // of which some are fixed32 and varint
					b = protowire.AppendFixed32(protowire.AppendTag(b, number, protowire.Fixed32Type), 7)
				}
			}
			return b
		}},
		{name: "scalars twice", twice: true},
		{name: "messages in parts", parts: true},
	}
}

// rewrite writes a TracesData in another way.
func (v *variant) rewrite(msg []byte) []byte { return v.message(msg, schemas(), 0) }

func (v *variant) message(msg []byte, s schema, depth int) (out []byte) {
	pieces := cut(msg)
	if v.order != nil {
		pieces = v.order(pieces)
	}
	for _, p := range pieces {
		if v.more != nil {
			out = v.more(out)
		}
		inner, isMessage := s[p.number]
		if v.twice && !isMessage {
			other := slices.Clone(p.body)
			for i := range other {
				other[i] ^= 1
			}
			out = v.piece(out, piece{p.number, p.wire, other})
		}
		if isMessage {
			p.body = v.message(p.body, inner, depth+1)
		}
		if v.parts && once(p.number, depth) {
			first := len(p.body)
			if fields := cut(p.body); len(fields) > 0 {
				first = len(v.piece(nil, fields[0]))
			}
			out = v.piece(out, piece{p.number, p.wire, p.body[:first]})
			p.body = p.body[first:]
		}
		out = v.piece(out, p)
	}
	return out
}

// once reports whether the field is a resource, a scope or a status, of which
// there is one.
func once(number protowire.Number, depth int) bool {
	return number == 1 && (depth == 1 || depth == 2) || number == 15 && depth == 3
}

func (v *variant) piece(out []byte, p piece) []byte {
	varint := protowire.AppendVarint
	if v.write != nil {
		varint = v.write
	}
	out = varint(out, protowire.EncodeTag(p.number, p.wire))
	switch p.wire {
	case protowire.BytesType:
		out = varint(out, uint64(len(p.body)))
		return append(out, p.body...)
	case protowire.VarintType:
		n, _ := binary.Uvarint(p.body)
		return varint(out, n)
	}
	return append(out, p.body...)
}

// However a message is written, it reads as Google's reader reads it, by both
// paths.
func TestVariantsOfOneMessage(t *testing.T) {
	for _, msg := range [][]byte{rich(), otlptest.Workload(1, 3)[0]} {
		for _, v := range variants() {
			t.Run(v.name, func(t *testing.T) {
				other := v.rewrite(msg)
				agree(t, other)
				var request tracepb.TracesData
				if err := proto.Unmarshal(other, &request); err != nil {
					t.Fatal(err)
				}
				spans, err := otlp.NewDecoder().Proto(nil, other)
				if err != nil || len(spans) == 0 {
					t.Fatal(len(spans), err)
				}
				compareValues(t, spans[0].Attrs(), request.ResourceSpans[0].ScopeSpans[0].Spans[0].Attributes)
				compareValues(t, spans[0].Origin.Resource, request.ResourceSpans[0].Resource.Attributes)
			})
		}
	}
}

// rich returns a message that holds something of everything.
func rich() []byte {
	var list, table []byte
	for _, element := range []model.KeyValue{model.Int("", 1), model.String("", "two"), model.Bool("", true)} {
		value := cut(element)[1].body
		list = protowire.AppendBytes(protowire.AppendTag(list, 1, protowire.BytesType), value)
	}
	table = protowire.AppendBytes(protowire.AppendTag(table, 1, protowire.BytesType), model.String("inner", "x"))
	draft := model.Draft{
		Trace: model.TraceID{1, 2}, ID: model.SpanID{3, 4}, Parent: model.SpanID{5}, Start: 10, End: 20, Name: "batch", Kind: model.KindConsumer,
		Status: model.StatusError, StatusMessage: "no", Flags: 0x101, DroppedLinks: 300,
		Attrs: []model.KeyValue{
			model.String("s", "text"), model.Int("i", -1), model.Double("d", 0.5), model.Bool("b", true), model.Strings("l", "p", "q"),
			nested("list", 5, list), nested("map", 6, table), nested("bytes", 7, []byte{0, 255}), model.String("", ""),
		},
		Events: []model.DraftEvent{{Time: 15, Name: "e", Attrs: []model.KeyValue{model.Int("n", 1)}}, {}},
		Links: []model.DraftLink{
			{Ref: model.Ref{Trace: model.TraceID{7}, Span: model.SpanID{8}}, Flags: 257, TraceState: "a=b", Attrs: []model.KeyValue{model.String("k", "v")}},
			{Ref: model.Ref{Trace: model.TraceID{9}, Span: model.SpanID{8}}},
		},
	}
	origin := model.MakeOrigin("scope", model.String("service.name", "svc"), model.String("host.name", "h"))
	other := model.Draft{Trace: model.TraceID{1}, ID: model.SpanID{1}, Name: "second"}
	return otlp.AppendExport(nil, []model.Span{draft.Span(origin), other.Span(origin), other.Span(model.MakeOrigin(""))})
}

// nested makes an attribute whose value is a length-delimited alternative.
func nested(key string, alternative protowire.Number, payload []byte) model.KeyValue {
	value := protowire.AppendBytes(protowire.AppendTag(nil, alternative, protowire.BytesType), payload)
	kv := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), key)
	return protowire.AppendBytes(protowire.AppendTag(kv, 2, protowire.BytesType), value)
}
