package profile_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/analyze/profile"
	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
	"github.com/pfptrace/pfptrace/query/file"
)

// builtin is what pfptrace runs with where nobody says another thing.
func builtin() *profile.Matcher { return profile.NewMatcher(profile.Builtin()...) }

// parse makes traces out of the text notation. Times without a unit count from
// 0, so that fixtures and results show the same small numbers.
func parse(t testing.TB, notation string) *model.Traces {
	t.Helper()
	spans, err := model.ParseNotation(notation)
	if err != nil {
		t.Fatal(err)
	}
	var b model.Builder
	b.Add(spans...)
	return b.Build()
}

func sample(t testing.TB, name string) *model.Traces {
	t.Helper()
	loaded, err := file.Load(context.Background(), []string{"../../testdata/samples/" + name}, nil, file.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return loaded.Traces
}

// shower prints a world for people: times in ns after base, ids without their
// zeros in front, short ids that are letters as letters.
type shower struct {
	strings.Builder
	base int64
}

func show(w *role.World) string { return showFrom(w, 0) }

func showFrom(w *role.World, base int64) string {
	s := &shower{base: base}
	for _, r := range w.Requests {
		s.request(r)
	}
	for _, b := range w.Batches {
		s.batch(b)
	}
	if w.Incomplete > 0 {
		fmt.Fprintf(s, "incomplete %d\n", w.Incomplete)
	}
	for _, text := range w.Warnings {
		fmt.Fprintf(s, "warning: %s\n", text)
	}
	return s.String()
}

func (s *shower) request(r *role.RequestInfo) {
	fmt.Fprintf(s, "request %s/%s %s %s", trace(r.Trace), span(r.Span), r.Profile, s.time(r.Start, r.End))
	if r.Status != role.OK {
		fmt.Fprintf(s, " %s", r.Status)
	}
	if r.Async {
		s.WriteString(" async")
	}
	if r.HasWeight {
		fmt.Fprintf(s, " weight=%d", r.Weight)
	}
	if r.FirstResponse != 0 {
		fmt.Fprintf(s, " first=%d", r.FirstResponse-s.base)
	}
	s.WriteByte('\n')
	s.intervals(r.Gateway)
	s.intervals(r.Queues...)
	if b := r.Implicit; b != nil {
		fmt.Fprintf(s, "  implicit %s\n", s.time(b.Start, b.End))
		s.work(b)
	}
}

func (s *shower) batch(b *role.BatchInfo) {
	if b.Span != nil {
		fmt.Fprintf(s, "batch %s/%s", trace(b.Trace), span(b.Span))
	} else {
		fmt.Fprintf(s, "batch %q", b.Key)
	}
	fmt.Fprintf(s, " %s %s", b.Profile, s.time(b.Start, b.End))
	if b.Status != role.OK {
		fmt.Fprintf(s, " %s", b.Status)
	}
	for _, n := range []struct {
		name string
		n    int64
	}{{"size", b.Size}, {"links", int64(b.Links)}, {"dropped", b.DroppedLinks}} {
		if n.n != 0 {
			fmt.Fprintf(s, " %s=%d", n.name, n.n)
		}
	}
	s.WriteByte('\n')
	s.work(b)
	for _, m := range b.Members {
		fmt.Fprintf(s, "  member %s/%s", trace(m.Request.Trace), span(m.Request.Span))
		for _, q := range m.Queues {
			fmt.Fprintf(s, " queue=%s", span(q.Span))
		}
		if m.Named != nil {
			fmt.Fprintf(s, " named=%d", m.Named.Start-s.base)
		}
		s.WriteByte('\n')
	}
	for _, id := range b.Dangling {
		fmt.Fprintf(s, "  dangling %s\n", trace(id))
	}
	for _, inner := range b.Inner {
		fmt.Fprintf(s, "  inner %s/%s\n", trace(inner.Trace), span(inner.Span))
	}
}

func (s *shower) work(b *role.BatchInfo) {
	s.intervals(b.Form, b.RPC, b.Server)
	for _, list := range [][]*role.Interval{b.Prep, b.GPU, b.Post, b.Scatter} {
		s.intervals(list...)
	}
}

func (s *shower) intervals(list ...*role.Interval) {
	for _, iv := range list {
		if iv == nil {
			continue
		}
		fmt.Fprintf(s, "  %s %s", iv.Role, s.time(iv.Start, iv.End))
		if iv.OpenEnd {
			s.WriteString(" open")
		}
		for _, p := range iv.Parts {
			fmt.Fprintf(s, " part=%s", s.time(p.Start, p.End))
		}
		if iv.Device != "" {
			fmt.Fprintf(s, " device=%s", iv.Device)
		}
		for _, id := range iv.Members {
			fmt.Fprintf(s, " of=%s", trace(id))
		}
		s.WriteByte('\n')
	}
}

func (s *shower) time(start, end int64) string {
	return fmt.Sprintf("%d..%d", start-s.base, end-s.base)
}

func trace(id model.TraceID) string { return short(id[:], id.String()) }

func span(s *model.Span) string { return short(s.ID[:], s.ID.String()) }

// short undoes what the notation does to a short id.
func short(id []byte, hex string) string {
	text := strings.TrimLeft(string(id), "\x00")
	for _, c := range []byte(text) {
		if c < '0' || c > 'z' || c > '9' && c < 'a' {
			text = ""
		}
	}
	if text != "" {
		return text
	}
	return strings.TrimLeft(hex, "0")
}

// equal compares what is shown with the expected text, of which indentation at
// the front of all lines does not count.
func equal(t *testing.T, got, want string) {
	t.Helper()
	var lines []string
	for line := range strings.Lines(want) {
		if line = strings.TrimPrefix(strings.TrimRight(line, "\n"), "\t\t"); strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	if want = strings.Join(lines, "\n") + "\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
