package text

import "strings"

// column is one column of a table.
type column struct {
	title string
	left  bool // texts stand left, numbers right
	drop  int  // where the width does not suffice columns go, the largest drop first; 0 always stays
	flex  int  // above 0: a drawn column, which takes what the others leave, at least this many columns
	most  int  // and at most this many
}

// cell is one field of a table.
type cell struct {
	part
	draw func(width int) []part // of a flex column
}

func text(s string) cell { return cell{part: plain(s)} }

func styled(s string, in style) cell { return cell{part: part{s, in}} }

func drawn(draw func(width int) []part) cell { return cell{draw: draw} }

const (
	tableIndent = 2
	tableGap    = 2
	maxTextCell = 48
)

// table prints rows under the titles of their columns.
func (p *page) table(columns []column, rows [][]cell) {
	widths := p.fitColumns(columns, rows)
	p.row(columns, widths, func(i int) cell { return styled(columns[i].title, faint) })
	for _, row := range rows {
		p.row(columns, widths, func(i int) cell { return row[i] })
	}
}

func (p *page) row(columns []column, widths []int, at func(i int) cell) {
	var parts []part
	gap := strings.Repeat(" ", tableIndent)
	for i, c := range columns {
		if widths[i] == 0 {
			continue
		}
		parts = append(parts, plain(gap))
		gap = strings.Repeat(" ", tableGap)
		it := at(i)
		switch {
		case it.draw != nil:
			drawing := it.draw(widths[i])
			parts = append(parts, drawing...)
			parts = append(parts, plain(strings.Repeat(" ", max(0, widths[i]-p.partsWidth(drawing)))))
		case c.left || c.flex > 0:
			parts = append(parts, part{p.left(it.text, widths[i]), it.style})
		default:
			parts = append(parts, part{p.right(it.text, widths[i]), it.style})
		}
	}
	p.line(parts...)
}

// fitColumns returns the width of every column, 0 for those that are not shown:
// nothing stands in them, or they were dropped.
func (p *page) fitColumns(columns []column, rows [][]cell) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = max(p.width(c.title), c.flex)
		if c.flex > 0 {
			continue
		}
		widest := 0
		for _, row := range rows {
			widest = max(widest, min(p.width(row[i].text), maxTextCell))
		}
		if widths[i] = max(widths[i], widest); widest == 0 {
			widths[i] = 0
		}
	}
	for p.tableWidth(widths) > p.Width {
		worst := -1
		for i, c := range columns {
			if widths[i] > 0 && c.drop > 0 && (worst < 0 || c.drop >= columns[worst].drop) {
				worst = i
			}
		}
		if worst < 0 {
			break // line cuts what is left
		}
		widths[worst] = 0
	}
	spare := p.Width - p.tableWidth(widths)
	for i, c := range columns {
		if c.flex > 0 && widths[i] > 0 && spare > 0 {
			grown := min(widths[i]+spare, max(c.most, c.flex))
			spare -= grown - widths[i]
			widths[i] = grown
		}
	}
	return widths
}

func (p *page) tableWidth(widths []int) int {
	total := tableIndent - tableGap
	for _, w := range widths {
		if w > 0 {
			total += w + tableGap
		}
	}
	return total
}
