package text

import (
	"math"
	"strings"
)

// bar draws part/whole of width columns, in eighths of a column; anything above
// zero shows.
func (p *page) bar(share float64, width int, in style) []part {
	if !(share > 0) || width <= 0 {
		return nil
	}
	share = min(share, 1)
	eighths := max(1, int(math.Round(share*float64(width)*8)))
	text := strings.Repeat(p.set.full, eighths/8)
	if eighths%8 > 0 {
		text += p.set.eighths[eighths%8-1]
	}
	if text == "" {
		text = "." // ASCII has nothing narrower than a column
	}
	return []part{{text, in}}
}

// span draws [start, end) of [0, whole) over width columns, in halves of a
// column; what is too short for half a column takes half a column.
func (p *page) span(start, end, whole int64, width int, in style) []part {
	if whole <= 0 || width <= 0 {
		return nil
	}
	halves := 2 * width
	at := func(ns int64) int { return int(float64(ns) / float64(whole) * float64(halves)) }
	from := min(max(at(start), 0), halves-1)
	to := min(max(at(end), from+1), halves)
	var b strings.Builder
	b.WriteString(strings.Repeat(" ", from/2))
	if from%2 == 1 {
		b.WriteString(p.set.rightEnd)
		from++
	}
	if to > from {
		b.WriteString(strings.Repeat(p.set.full, (to-from)/2))
		if (to-from)%2 == 1 {
			b.WriteString(p.set.leftHalf)
		}
	}
	return []part{{b.String(), in}}
}

// axis labels [0, whole) at round numbers over width columns.
func (p *page) axis(whole int64, width int, s scale) string {
	apart := max(8, p.width(tickLabel(s, whole))+3) // columns between ticks, at least
	step := roundStep(float64(whole) * float64(apart) / float64(max(width, 1)))
	var b strings.Builder
	for ns := 0.0; ns < float64(whole) && step > 0; ns += step {
		at := int(ns / float64(whole) * float64(width))
		label := p.set.tick + tickLabel(s, int64(ns))
		if at+p.width(label) > width {
			break
		}
		b.WriteString(strings.Repeat(" ", max(0, at-p.width(b.String()))) + label)
	}
	return b.String()
}

// tickLabel leaves the zeros behind the point out.
func tickLabel(s scale, ns int64) string {
	text := s.number(ns)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// roundStep is the smallest of 1, 2, 5, 10, 20, 50, … that is not below least.
func roundStep(least float64) float64 {
	step := 1.0
	for step < least {
		switch {
		case 2*step >= least:
			return 2 * step
		case 5*step >= least:
			return 5 * step
		}
		step *= 10
	}
	return step
}

// piece is a part of a stacked bar.
type piece struct {
	name   string
	share  float64 // of the whole
	letter string  // stands for it where there is no colour
	style  style
}

// stacked draws pieces side by side over width columns. Columns are dealt out
// by largest remainder, so that they always add up.
func (p *page) stacked(pieces []piece, width int) []part {
	columns := deal(pieces, width)
	var parts []part
	for i, it := range pieces {
		if columns[i] == 0 {
			continue
		}
		glyph := it.letter
		if p.Color {
			glyph = p.set.full
		}
		parts = append(parts, part{strings.Repeat(glyph, columns[i]), it.style})
	}
	return parts
}

// legend names the pieces of a stacked bar that show, with their shares.
func (p *page) legend(pieces []piece) []phrase {
	var phrases []phrase
	for _, it := range pieces {
		if !(it.share > 0) {
			continue
		}
		glyph := it.letter
		if p.Color {
			glyph = p.set.full
		}
		phrases = append(phrases, phrase{{glyph, it.style}, plain(" " + it.name + " " + percent(it.share))})
	}
	return phrases
}

func deal(pieces []piece, width int) []int {
	columns := make([]int, len(pieces))
	remainder := make([]float64, len(pieces))
	total, sum := 0, 0.0
	for i, it := range pieces {
		exact := max(0, it.share) * float64(width)
		columns[i] = int(exact)
		remainder[i] = exact - float64(columns[i])
		total += columns[i]
		sum += exact
	}
	for missing := min(width, int(math.Round(sum))) - total; missing > 0; missing-- {
		best := 0
		for i := range remainder {
			if remainder[i] > remainder[best] {
				best = i
			}
		}
		columns[best]++
		remainder[best] = -1
	}
	return columns
}
