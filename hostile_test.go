package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/otlp"
)

// Files made to hurt, through the whole program: no panic, no hang, no escape
// on the terminal, and a clear word in the report.
func TestHostileFiles(t *testing.T) {
	trace := model.TraceID{15: 7}
	origin := model.MakeOrigin("test", model.String("service.name", "svc\x1b[31m\u202e"), model.String("host.name", "h"))
	root := model.Draft{Trace: trace, ID: spanID(1), Name: "root", Start: 1000, End: 9000}
	for _, test := range []struct {
		name  string
		spans func() []model.Span
		words []string
	}{
		{
			name: "terminal escapes in every text",
			spans: func() []model.Span {
				d := root
				d.Name = "a\x1b]0;title\x07\x1b[2Jb\r\nc\x00\u202e\u200b"
				d.Attrs = []model.KeyValue{model.String("k\x1b[31m", "v\x9b31m")}
				return []model.Span{d.Span(origin)}
			},
			words: []string{`svc\x1b[31m\u202e`},
		},
		{
			name: "an attribute of 10 MB",
			spans: func() []model.Span {
				d := root
				d.Attrs = []model.KeyValue{model.String("generation", strings.Repeat("x\x1b", 5<<20))}
				return []model.Span{d.Span(origin)}
			},
			words: []string{"root"},
		},
		{
			name: "100,000 links on a span",
			spans: func() []model.Span {
				batch := model.Draft{Trace: model.TraceID{15: 8}, ID: spanID(1), Name: "batch", Start: 2000, End: 3000, Attrs: []model.KeyValue{model.String("pfptrace.role", "batch")}}
				for i := range 100_000 {
					batch.Links = append(batch.Links, model.DraftLink{Ref: model.Ref{Trace: model.TraceID{1, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}, Span: spanID(i + 1)}})
				}
				return []model.Span{root.Span(origin), batch.Span(origin)}
			},
			words: []string{"100000 dangling"},
		},
		{
			name: "a cycle of parents",
			spans: func() (spans []model.Span) {
				for i := range 3 {
					d := root
					d.ID, d.Parent = spanID(i+1), spanID((i+1)%3+1)
					spans = append(spans, d.Span(origin))
				}
				return append(spans, (&model.Draft{Trace: model.TraceID{15: 9}, ID: spanID(1), Name: "other", Start: 1, End: 2}).Span(origin))
			},
			words: []string{"cycle"},
		},
		{
			name: "a chain of parents a million deep",
			spans: func() (spans []model.Span) {
				for i := range 1_000_000 {
					d := model.Draft{Trace: trace, ID: spanID(i + 1), Name: "link", Start: int64(2_000_000 - i), End: 3_000_000}
					if i > 0 {
						d.Parent = spanID(i)
					}
					spans = append(spans, d.Span(origin))
				}
				return spans
			},
			words: []string{"1000000 spans"},
		},
		{
			name: "times that run backwards",
			spans: func() []model.Span {
				d := root
				d.Start, d.End = 9000, 1000
				return []model.Span{d.Span(origin)}
			},
			words: []string{"end before they start"},
		},
		{
			name: "times of 2^63 and more",
			spans: func() []model.Span {
				d := root
				d.End = -1 << 63
				return []model.Span{root.Span(origin), d.Span(origin)}
			},
			words: []string{"2^63"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "hostile.pb")
			if err := os.WriteFile(path, otlp.AppendExport(nil, test.spans()), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{
				{"top", "--slowest", "3", "--from", path},
				{"inspect", trace.String(), "--from", path},
				{"profiles", "test", path},
			} {
				screen := hostileScreen(t, args)
				if args[0] != "top" {
					continue
				}
				for _, word := range test.words {
					if !strings.Contains(screen, word) {
						t.Errorf("top does not say %q:\n%.3000s", word, screen)
					}
				}
			}
		})
	}
}

// hostileScreen runs the program and checks what could reach a terminal.
func hostileScreen(t *testing.T, args []string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := run(args, strings.NewReader(""), &stdout, &stderr, []string{"LANG=C.UTF-8", "COLUMNS=100"})
	if status != 0 && status != statusNothing {
		t.Errorf("%s: status %d: %.300s", args[0], status, stderr.String())
	}
	screen := stdout.String() + stderr.String()
	for _, r := range screen {
		if r < ' ' && r != '\n' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e {
			t.Errorf("%s: %U reaches the terminal", args[0], r)
			break
		}
	}
	return screen
}

func spanID(n int) (id model.SpanID) {
	copy(id[:], fmt.Sprintf("%08x", n))
	return id
}
