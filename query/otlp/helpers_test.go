package otlp_test

import (
	"bytes"
	"testing"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

// plain is a span without what cannot be compared.
type plain struct {
	trace      model.TraceID
	id, parent model.SpanID
	start, end int64
	name       string
	links      uint16
	kind       model.Kind
	status     model.StatusCode
	service    string
	scope      string
	raw        string
}

func header(s *model.Span) plain {
	return plain{
		s.Trace, s.ID, s.Parent, s.Start, s.End, s.Name, s.Links, s.Kind, s.Status,
		s.Origin.Service, s.Origin.ScopeName, string(s.Raw),
	}
}

// documents returns the messages as JSON, a document each.
func documents(tb testing.TB, messages [][]byte) [][]byte {
	tb.Helper()
	var lines bytes.Buffer
	if err := otlptest.WriteJSONLines(&lines, messages); err != nil {
		tb.Fatal(err)
	}
	return bytes.Split(bytes.TrimSpace(lines.Bytes()), []byte("\n"))
}
