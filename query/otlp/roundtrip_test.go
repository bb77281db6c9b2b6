package otlp_test

import (
	"bytes"
	"testing"

	"github.com/pfptrace/pfptrace/query/otlp"
	"github.com/pfptrace/pfptrace/query/otlp/otlptest"
)

// What goes in as protobuf comes out of JSON and of AppendExport byte for byte.
func TestWorkloadThroughBothFormats(t *testing.T) {
	messages := otlptest.Workload(5000, 7)
	decoder := otlp.NewDecoder()
	for i, document := range documents(t, messages) {
		spans, err := decoder.JSON(nil, document)
		if err != nil {
			t.Fatal(err)
		}
		if got := otlp.AppendExport(nil, spans); !bytes.Equal(got, messages[i]) {
			t.Fatalf("message %d: %d bytes, want %d", i, len(got), len(messages[i]))
		}
		again, err := decoder.Proto(nil, messages[i])
		if err != nil {
			t.Fatal(err)
		}
		for j := range again {
			if got, want := header(&spans[j]), header(&again[j]); got != want {
				t.Fatalf("message %d, span %d:\nJSON  %+v\nproto %+v", i, j, got, want)
			}
		}
	}
	if refused := decoder.Refused(); len(refused) > 0 {
		t.Errorf("refused %v", refused)
	}
}
