package text

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/profile"
	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// The screens in testdata are what a person sees, at the widths of a phone, a
// terminal, a wide terminal and a wall, in UTF-8, ASCII and colour.
func TestScreens(t *testing.T) {
	update := os.Getenv("UPDATE") != ""
	for _, o := range []Options{{Width: 40}, {Width: 80}, {Width: 120}, {Width: 200}, {Width: 80, ASCII: true}, {Width: 80, Color: true}} {
		var screen bytes.Buffer
		if err := Inspect(&screen, inspectExample(), o); err != nil {
			t.Fatal(err)
		}
		screen.WriteString(strings.Repeat("=", o.Width) + "\n")
		if err := Top(&screen, topExample(), o); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("screen-%d", o.Width)
		if o.ASCII {
			name += "-ascii"
		}
		if o.Color {
			name += "-color"
		}
		path := filepath.Join("testdata", name+".golden")
		if update {
			if err := os.WriteFile(path, screen.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(screen.Bytes(), want) {
			t.Errorf("%s differs; UPDATE=1 go test ./analyze/text writes it anew\n%s", path, screen.String())
		}
	}
}

// poisonProfiles is what profiles test shows of a stranger's spans.
func poisonProfiles(text string) *profile.Explanation {
	return &profile.Explanation{
		World:     &role.World{Spans: 3, Incomplete: 1, Warnings: []string{text}},
		Profiles:  []profile.ProfileUse{{Name: text, Traces: 2, Rules: []profile.RuleUse{{Name: text, Roles: []string{"gpu"}, Spans: 1, Skipped: 1, Examples: []string{text}}}}},
		Unmatched: []profile.NameCount{{Name: text, Service: text, Spans: 1}}, Distinct: 2,
	}
}

// poison puts a stranger's text wherever a report carries one.
func poison(text string) (*analyze.InspectReport, *analyze.TopReport) {
	one, many := inspectExample(), topExample()
	draft := model.Draft{Trace: model.TraceID{1}, ID: model.SpanID{1}, Name: text}
	span := draft.Span(model.MakeOrigin(text, model.String("service.name", text)))
	one.Request.Service, one.Request.Name, one.Request.Profile = text, text, text
	for i := range one.Request.Segments {
		one.Request.Segments[i].Span = &span
	}
	one.Request.Flags = append(one.Request.Flags, text)
	one.Batches[0].Span, one.Batches[0].CloseReason = &span, text
	one.Batches = append(one.Batches, analyze.BatchReport{Key: text})
	one.Skew[0].From, one.Skew[0].To, one.Skew[1].Verdict = text, text, text
	one.Warnings = append(one.Warnings, text)
	many.Devices[0].Device, many.Devices[0].Host = text, text
	many.Groups[0].Group, many.Slowest[0].Service, many.Slowest[0].Name = text, text, text
	many.Batch.CloseReasons[text] = 1
	many.Profiles, many.Warnings = append(many.Profiles, text), append(many.Warnings, text)
	return one, many
}

var sgr = regexp.MustCompile("\x1b\\[[0-9;]*m")

// checkLines fails where a line is too wide or holds what a terminal would obey.
func checkLines(t *testing.T, screen string, o Options) {
	t.Helper()
	if o.Color {
		screen = sgr.ReplaceAllString(screen, "")
	}
	if !utf8.ValidString(screen) {
		t.Errorf("%+v: not UTF-8", o)
	}
	for line := range strings.Lines(screen) {
		line = strings.TrimSuffix(line, "\n")
		if width := ansi.StringWidth(line); width > max(o.Width, minWidth) {
			t.Errorf("%+v: %d columns: %q", o, width, line)
		}
		for _, r := range line {
			if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || o.ASCII && r > '~' {
				t.Errorf("%+v: %U in %q", o, r, line)
			}
		}
	}
}

func FuzzNothingFromASpanReachesTheTerminal(f *testing.F) {
	for _, seed := range []string{
		"\x1b[2J\x1b]0;owned\x07", "a\nb\r\tc", "\u202edlrow\u2066", "\u009b31m", "e\u0301\u0301\u0301\u0301", "👨‍👩‍👧 family", "\xff\xfe", "\ufe0f\u20e3",
		"日本語のサービス", strings.Repeat("long ", 100), strings.Repeat("ü", 300), strings.Repeat("x", 9000), "", " ", "🇩🇪", "\u2028", "1\ufe0f\u20e3", "ᄀ각ᆨ", "नमस्ते",
	} {
		f.Add(seed, uint8(60))
	}
	f.Fuzz(func(t *testing.T, text string, width uint8) {
		one, many := poison(text)
		for _, o := range []Options{{Width: int(width)}, {Width: int(width), Color: true}, {Width: int(width), ASCII: true}} {
			var screen strings.Builder
			if err := Inspect(&screen, one, o); err != nil {
				t.Fatal(err)
			}
			if err := Top(&screen, many, o); err != nil {
				t.Fatal(err)
			}
			if err := Explain(&screen, poisonProfiles(text), many, o); err != nil {
				t.Fatal(err)
			}
			checkLines(t, screen.String(), o)
		}
	})
}

func TestClean(t *testing.T) {
	utf8Page, asciiPage := newPage(Options{}), newPage(Options{ASCII: true})
	for _, test := range []struct{ in, utf8, ascii string }{
		{"POST /infer", "POST /infer", "POST /infer"},
		{"a\nb\tc\rd\x00", `a\nb\tc\rd\x00`, `a\nb\tc\rd\x00`},
		{"\x1b[31mred\x07", `\x1b[31mred\x07`, `\x1b[31mred\x07`},
		{"\u009b1m", `\u009b1m`, `\u009b1m`},
		{"abc\u202exyz", `abc\u202exyz`, `abc\u202exyz`},
		{"\xffx", `\xffx`, `\xffx`},
		{"Grüße", "Grüße", `Gr\u00fc\u00dfe`},
		{"e\u0301\u0301\u0301", "e\u0301\u0301" + `\u0301`, `e\u0301\u0301\u0301`},
		{"\u0301x", `\u0301x`, `\u0301x`},
		{"a\u00a0b", `a\u00a0b`, `a\u00a0b`},
		{"😀", "😀", `\U0001f600`},
		{"\ufffd", "\ufffd", `\ufffd`},
		{strings.Repeat("x", maxText), strings.Repeat("x", maxText), strings.Repeat("x", maxText)},
		{strings.Repeat("x", 9999), strings.Repeat("x", maxText-slack) + " (cut, 9999 bytes)", strings.Repeat("x", maxText-slack) + " (cut, 9999 bytes)"},
	} {
		for _, it := range []struct {
			page *page
			want string
		}{{utf8Page, test.utf8}, {asciiPage, test.ascii}} {
			got := it.page.clean(test.in)
			if got != it.want || it.page.clean(got) != got {
				t.Errorf("%q: %q, want %q; again %q", test.in, got, it.want, it.page.clean(got))
			}
		}
	}
}

func TestMegabytesOfTextAreCut(t *testing.T) {
	one, many := poison(strings.Repeat("\x00é ", 1<<20))
	var screen strings.Builder
	if err := Inspect(&screen, one, Options{Width: 80}); err != nil {
		t.Fatal(err)
	}
	if err := Top(&screen, many, Options{Width: 80}); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(screen.String(), "\n"); lines > 1000 || !strings.Contains(screen.String(), "(cut, 4194304 bytes)") {
		t.Errorf("%d lines", lines)
	}
}

// Digits of the same worth stand under each other, and nothing above zero looks
// like zero.
func TestScale(t *testing.T) {
	p := newPage(Options{})
	for _, test := range []struct {
		largest, ns int64
		want        string
	}{
		{9_999, 9_999, "9999 ns"},
		{9_999, 0, "0 ns"},
		{10_000, 10_000, "10.0 µs"},
		{10_000, 49, "<0.1 µs"},
		{10_000, 50, "0.1 µs"},
		{10_000, -50, "-0.1 µs"},
		{10_000, -49, "-<0.1 µs"},
		{10_000, 0, "0.0 µs"},
		{9_999_999, 9_999_999, "10000.0 µs"},
		{10_000_000, 10_005_000, "10.01 ms"},
		{10_000_000, 10_004_999, "10.00 ms"},
		{1_500_000_000, 1_500_000_000, "1500.0 ms"},
		{60_000_000_000, 61_234_000_000, "61.23 s"},
		{1 << 62, 1<<63 - 1, "9223372037 s"},
		{1 << 62, -1 << 63, "-9223372037 s"},
	} {
		s := p.scaleFor(test.largest)
		if got := s.number(test.ns) + " " + s.unit; got != test.want {
			t.Errorf("%d at the scale of %d: %s, want %s", test.ns, test.largest, got, test.want)
		}
	}
}

func TestDurationsInRunningText(t *testing.T) {
	p := newPage(Options{ASCII: true})
	for ns, want := range map[int64]string{
		0: "0 ns", 1_000: "1000 ns", 12_345: "12.3 us (12345 ns)", 1_234_567: "1235 us (1234567 ns)", 12_345_678: "12.35 ms (12345678 ns)",
		1<<63 - 1: "9223372037 s (9223372036854775807 ns)", -1 << 63: "-9223372037 s (-9223372036854775808 ns)",
	} {
		if got := p.exact(ns); got != want {
			t.Errorf("%d: %s, want %s", ns, got, want)
		}
	}
}

// The columns of a stacked bar always add up to what was dealt.
func TestStackedBarsAddUp(t *testing.T) {
	for width := range 120 {
		pieces := []piece{{share: 1.0 / 3}, {share: 1.0 / 3}, {share: 1.0/3 - 1e-12}, {share: 1e-12}, {share: -1}}
		total := 0
		for _, n := range deal(pieces, width) {
			total += n
		}
		if total != width {
			t.Errorf("%d columns of %d", total, width)
		}
	}
}

func TestTicksStandAtRoundNumbers(t *testing.T) {
	p := newPage(Options{ASCII: true})
	for _, test := range []struct {
		whole int64
		width int
		want  string
	}{
		{1000, 50, "|0        |200      |400      |600      |800"},
		{25_000_000, 40, "|0      |5      |10     |15     |20"},
		{1, 20, "|0"},
		{0, 20, ""},
		{1 << 62, 30, "|0           |2000000000"},
	} {
		if got := p.axis(test.whole, test.width, p.scaleFor(test.whole)); got != test.want {
			t.Errorf("%d over %d: %q, want %q", test.whole, test.width, got, test.want)
		}
	}
}

// A segment shows where it lies, however short it is, and never outside.
func TestSpansStayInside(t *testing.T) {
	p := newPage(Options{ASCII: true})
	for _, test := range []struct {
		start, end int64
		want       string
	}{
		{0, 100, "##########"},
		{0, 0, "#"},
		{99, 100, "         #"},
		{100, 100, "         #"},
		{-50, 10, "#"},
		{50, 1 << 60, "     #####"},
		{40, 60, "    ##"},
	} {
		if got := p.span(test.start, test.end, 100, 10, "")[0].text; got != test.want {
			t.Errorf("[%d,%d): %q, want %q", test.start, test.end, got, test.want)
		}
	}
}
