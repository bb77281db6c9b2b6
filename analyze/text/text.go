// Package text prints reports for people: aligned columns, one unit for a
// column, bars, and never a control character out of a span.
//
// It prints [analyze] reports and computes nothing of its own but how to show
// them; the order of lines, the rounding of shares and the warnings are those of
// the report. Every line is at most as wide as asked for, and every text passes
// through one function, clean, before it reaches the terminal.
package text

import (
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Options say how a report looks.
type Options struct {
	Width int  // columns of a line, at least 20
	Color bool // with SGR sequences; never any other escape sequence
	ASCII bool // nothing but ASCII: the locale is not UTF-8
}

// DefaultWidth is for when nobody knows how wide the terminal is.
const DefaultWidth = 100

const minWidth = 20

// page collects the lines of a report.
type page struct {
	Options
	out strings.Builder
	set glyphs
}

func newPage(o Options) *page {
	o.Width = max(o.Width, minWidth)
	p := &page{Options: o, set: unicodeGlyphs()}
	if o.ASCII {
		p.set = asciiGlyphs()
	}
	return p
}

func (p *page) writeTo(w io.Writer) error {
	_, err := io.WriteString(w, p.out.String())
	return err
}

// part is a piece of a line in one style.
type part struct {
	text  string
	style style
}

func plain(text string) part { return part{text: text} }

// line prints the parts as one line, cut where it is wider than the page. It
// cleans every part, so that no caller can forget to.
func (p *page) line(parts ...part) {
	width, styled := 0, strings.Builder{}
	for len(parts) > 0 && strings.TrimRight(parts[len(parts)-1].text, " ") == "" {
		parts = parts[:len(parts)-1]
	}
	for i, it := range parts {
		text := p.clean(it.text)
		if i == len(parts)-1 {
			text = strings.TrimRight(text, " ")
		}
		width += ansi.StringWidth(text)
		if p.Color && it.style != "" && text != "" {
			text = "\x1b[" + string(it.style) + "m" + text + "\x1b[m"
		}
		styled.WriteString(text)
	}
	text := styled.String()
	if width > p.Width || ansi.StringWidth(text) > p.Width {
		text = ansi.Truncate(text, p.Width, p.set.ellipsis)
	}
	p.out.WriteString(text)
	p.out.WriteByte('\n')
}

func (p *page) blank() { p.out.WriteByte('\n') }

// heading prints the title of a panel and, faint, a note beside it.
func (p *page) heading(title, note string) {
	p.blank()
	p.wrapped(part{title + "  ", bold}, part{note, faint})
}

// wrapped prints a text over as many lines as it needs, all but the first
// indented by as much as lead is wide. A lead that takes more than half of the
// page stands on a line of its own.
func (p *page) wrapped(lead, body part) {
	rest := []rune(strings.Join(strings.Fields(p.clean(body.text)), " "))
	indent := p.width(lead.text)
	if indent > p.Width/2 && len(rest) > 0 {
		p.line(lead)
		indent = hanging
		lead = plain(strings.Repeat(" ", indent))
	}
	for first := true; first || len(rest) > 0; first = false {
		n := p.breakAt(rest, p.Width-indent)
		if !first {
			lead = plain(strings.Repeat(" ", indent))
		}
		p.line(lead, part{string(rest[:n]), body.style})
		rest = []rune(strings.TrimLeft(string(rest[n:]), " "))
	}
}

// hanging is by how much lines are indented that go on with another.
const hanging = 4

// phrase is a few words that stay on one line together.
type phrase []part

func say(text string) phrase { return phrase{plain(text)} }

// phrases prints what is not empty one after the other with dots between, over
// as many lines as it takes. A phrase that is wider than the page is wrapped.
func (p *page) phrases(lead part, list ...phrase) {
	indent := plain(strings.Repeat(" ", min(p.width(lead.text), hanging)))
	line := []part{lead}
	for _, it := range list {
		dot := part{p.set.dot, faint}
		switch {
		case p.partsWidth(it) == 0:
			continue
		case len(line) == 1: // nothing but the lead
		case p.partsWidth(line)+p.width(dot.text)+p.partsWidth(it) <= p.Width:
			line = append(line, dot)
		default:
			p.line(line...)
			line = []part{indent}
		}
		line = append(line, it...)
		if p.partsWidth(line) > p.Width {
			p.wrapped(line[0], joined(line[1:]))
			line = []part{indent}
		}
	}
	if len(line) > 1 {
		p.line(line...)
	}
}

func (p *page) partsWidth(parts []part) (width int) {
	for _, it := range parts {
		width += p.width(it.text)
	}
	return width
}

// joined puts the texts of parts into one, in the style of the last.
func joined(parts []part) (all part) {
	for _, it := range parts {
		all = part{all.text + it.text, it.style}
	}
	return all
}

// breakAt returns how many runes go on a line of this width: up to the last
// space that fits, or as many as fit where no space does.
func (p *page) breakAt(text []rune, width int) int {
	used, space := 0, 0
	for i, r := range text {
		if r == ' ' {
			space = i
		}
		used += ansi.StringWidth(string(r))
		if used <= width {
			continue
		}
		if space > 0 {
			return space
		}
		return max(i, 1)
	}
	return len(text)
}

// width is how many columns a text takes once it is clean.
func (p *page) width(text string) int { return ansi.StringWidth(p.clean(text)) }

// left fits a text into exactly width columns, cut or filled on the right.
func (p *page) left(text string, width int) string {
	text = p.cut(text, width)
	return text + strings.Repeat(" ", max(0, width-ansi.StringWidth(text)))
}

// right fits a text into exactly width columns, filled on the left.
func (p *page) right(text string, width int) string {
	text = p.cut(text, width)
	return strings.Repeat(" ", max(0, width-ansi.StringWidth(text))) + text
}

func (p *page) cut(text string, width int) string {
	text = p.clean(text)
	if ansi.StringWidth(text) <= width {
		return text
	}
	return ansi.Truncate(text, max(width, 0), p.set.ellipsis)
}
