package file

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// repeated yields text again and again, n bytes in all.
type repeated struct {
	text string
	n    int64
	at   int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.n <= 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), r.n)]
	for filled := 0; filled < len(p); {
		n := copy(p[filled:], r.text[r.at:])
		r.at = (r.at + n) % len(r.text)
		filled += n
	}
	r.n -= int64(len(p))
	return len(p), nil
}

// Every case is read in linear time and bounded memory, and what is given up
// is said.
func TestHostileInput(t *testing.T) {
	const mb = 1 << 20
	a, b := otlpJSON("a"), otlpJSON("b")
	small := Options{MaxMessage: mb}
	for name, test := range map[string]struct {
		content io.Reader
		opts    Options
		want    string // in the warnings or the error
		spans   string
	}{
		"a line of 100 MB": {
			io.MultiReader(strings.NewReader(a+"\n"), &repeated{text: "x", n: 100 * mb}, strings.NewReader("\n"+b)),
			small, "line 2: not a JSON document", "a b",
		},
		"a document of 100 MB": {
			io.MultiReader(strings.NewReader(a+"\n"+`{"resourceSpans":[`), &repeated{text: "{},", n: 99 * mb}, strings.NewReader("\n"+b)),
			small, "line 2: longer than 1 MiB (limit)", "a b",
		},
		"an indented document of 100 MB": {
			io.MultiReader(strings.NewReader(a+"\n{\n"), &repeated{text: " \"x\":1,\n", n: 100 * mb}),
			small, "line 2: longer than 1 MiB (limit); ", "a",
		},
		"a text of 100 MB in a document": {
			io.MultiReader(strings.NewReader(a+"\n"+`{"resourceSpans":"`), &repeated{text: "y", n: 100 * mb}, strings.NewReader("\"}\n"+b)),
			small, "line 2: longer than 1 MiB (limit)", "a b",
		},
		"brackets a million deep": {
			io.MultiReader(strings.NewReader(a+"\n"), &repeated{text: `{"a":`, n: 5 * mb}, strings.NewReader("\n"+b)),
			Options{},
			"line 2: brackets stand more than 1000 deep (limit)", "a b",
		},
		"lines that only open": {
			io.MultiReader(strings.NewReader(a+"\n"), &repeated{text: "{\n", n: 20 * mb}),
			Options{},
			"brackets stand more than 1000 deep (limit)", "a",
		},
		"lists that only open":         {&repeated{text: "[", n: 20 * mb}, Options{}, "JSON without any object", ""},
		"a length of 2 GB and no data": {strings.NewReader(fixedFrame(otlpProto("a")) + "\x7f\xff\xff\xff\x0a"), Options{}, "a message of 2147483647 bytes is longer than 512 MiB (limit)", "a"},
		"a length of 400 MB, no data":  {strings.NewReader(fixedFrame(otlpProto("a")) + "\x18\x00\x00\x00\x0a"), Options{}, "cut off: a message has 1 of its 402653184 bytes", "a"},
		"a length of 2^63":             {strings.NewReader(varintFrame(otlpProto("a")) + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x0a"), Options{}, "longer than 512 MiB (limit)", "a"},
		"zstd that grows in a message": {strings.NewReader(fixedFrame(otlpProto("a")) + fixedFrame(zstded(strings.Repeat("\x00", 20*mb)))), small, "a message in zstd: window size exceeded", "a"},
		"only zeros":                   {&repeated{text: "\x00", n: 100 * mb}, Options{}, "binary data", ""},
		"no progress":                  {stuck{}, Options{}, "multiple Read calls return no data", ""},
	} {
		t.Run(name, func(t *testing.T) {
			runtime.GC()
			loaded, err := Load(context.Background(), []string{"-"}, test.content, test.opts)
			said, spans := "", ""
			if err != nil {
				said = err.Error()
			} else {
				said, spans = strings.Join(loaded.Report.Warnings(), "\n"), names(loaded)
			}
			if !strings.Contains(said, test.want) || spans != test.spans {
				t.Errorf("spans %q, said %.300q, want %q", spans, said, test.want)
			}
		})
	}
}

// stuck is a reader that never gives anything.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func TestACompressionBombIsStopped(t *testing.T) {
	reader, writer := io.Pipe()
	go func() {
		w := gzip.NewWriter(writer)
		_, _ = io.WriteString(w, otlpJSON("a")+"\n")
		_, err := io.Copy(w, &repeated{text: "\x00", n: 1 << 40})
		writer.CloseWithError(err)
	}()
	loaded, err := Load(context.Background(), []string{"-"}, reader, Options{})
	reader.Close()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(loaded.Report.Warnings(), "\n"); names(loaded) != "a" || !strings.Contains(got, "more than 256 times its size (limit)") {
		t.Errorf("spans %q, warnings %s", names(loaded), got)
	}
	if read := loaded.Report.Files[0].Content; read > 1<<30 {
		t.Errorf("%d bytes were read", read)
	}
}

func TestLimits(t *testing.T) {
	lines := otlpJSON("a") + "\n" + otlpJSON("b") + "\n" + otlpJSON("c") + "\n"
	var records []string
	for i := range 1000 {
		records = append(records, stampRecord(i+1, "REQUEST_START", 10))
	}
	for name, test := range map[string]struct {
		content string
		opts    Options
		spans   int
		want    string
	}{
		"spans":              {lines, Options{MaxSpans: 2}, 2, "reading stopped at the limit of 2 spans"},
		"exactly the spans":  {lines, Options{MaxSpans: 3}, 3, ""},
		"memory":             {lines, Options{MaxMemory: 400, MaxMessage: 1 << 20}, 2, "reading stopped at the limit of memory (400 bytes)"},
		"memory of frames":   {fixedFrame(otlpProto("a")) + fixedFrame(otlpProto("b")), Options{MaxMemory: 200, MaxMessage: 1 << 20}, 1, "reading stopped at the limit of memory"},
		"memory of records":  {"[" + strings.Join(records, ","), Options{MaxMemory: 1000, MaxMessage: 1 << 20}, 22, "reading stopped at the limit of memory"},
		"spans of requests":  {"[" + strings.Join(records, ","), Options{MaxSpans: 5}, 5, "reading stopped at the limit of 5 spans"},
		"spans in a message": {otlpProto("a") + otlpProto("b") + otlpProto("c"), Options{MaxSpans: 2}, 2, "reading stopped at the limit of 2 spans"},
	} {
		t.Run(name, func(t *testing.T) {
			loaded, err := load(test.content, test.opts)
			if err != nil {
				t.Fatal(err)
			}
			warnings := strings.Join(loaded.Report.Warnings(), "\n")
			if got := loaded.Report.Spans(); got != test.spans || !strings.Contains(warnings, test.want) || test.want == "" && warnings != "" {
				t.Errorf("%d spans, want %d; warnings %q, want %q", got, test.spans, warnings, test.want)
			}
		})
	}
}

// A limit that was reached in one file is said of those after it too.
func TestALimitHoldsForAllFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(otlpJSON(name)+"\n"+otlpJSON(name+"2")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	loaded, err := Load(context.Background(), []string{dir}, nil, Options{MaxSpans: 1})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		dir + "/a: reading stopped at the limit of 1 span",
		dir + "/b: reading stopped at the limit of 1 span",
	}
	if got := loaded.Report.Warnings(); loaded.Traces.Spans() != 1 || !slices.Equal(got, want) {
		t.Errorf("warnings %q, want %q", got, want)
	}
}

func TestAnUnreadableFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("{}"), 0); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(path); err == nil {
		f.Close()
		t.Skip("this user may read every file")
	}
	_, err := Load(context.Background(), []string{path}, nil, Options{})
	if err == nil || !strings.HasSuffix(err.Error(), "secret: permission denied") {
		t.Errorf("%v", err)
	}
}
