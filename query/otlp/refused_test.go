package otlp_test

import (
	"testing"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// A server answers request by request: what one refused is not told to the next.
func TestTakeRefusedForgets(t *testing.T) {
	origin := model.MakeOrigin("test")
	lost := model.Draft{ID: model.SpanID{1}, Name: "lost"}
	odd := model.Draft{Trace: model.TraceID{1}, ID: model.SpanID{2}, Name: "odd", Kind: 9}
	d := otlp.NewDecoder()
	if _, err := d.Proto(nil, otlp.AppendExport(nil, []model.Span{lost.Span(origin), odd.Span(origin)})); err != nil {
		t.Fatal(err)
	}
	refused := d.TakeRefused()
	if len(refused) != 2 || !refused[0].Dropped || refused[1].Dropped {
		t.Errorf("refused %+v", refused)
	}
	if again := d.TakeRefused(); again != nil {
		t.Errorf("and again: %+v", again)
	}
}
