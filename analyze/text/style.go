package text

import "github.com/pfptrace/pfptrace/analyze"

// style holds the parameters of an SGR sequence; "" is the terminal's own.
type style string

const (
	bold   style = "1"
	faint  style = "2"
	alarm  style = "38;5;203"
	notice style = "38;5;214"
	good   style = "38;5;36"
)

// glyphs are what bars, axes and lists are drawn with. The letters of a stacked
// bar tell its parts apart where there is no colour.
type glyphs struct {
	eighths  []string // 1/8 to 8/8 of a column, from the left
	full     string
	leftHalf string
	rightEnd string // right half of a column
	tick     string
	enter    string // the way goes into another trace
	leave    string // and comes back
	ellipsis string
	dot      string // between facts
	mark     string // this one
	micro    string
	arrow    string
}

func unicodeGlyphs() glyphs {
	return glyphs{
		eighths: []string{"▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"},
		full:    "█", leftHalf: "▌", rightEnd: "▐", tick: "╷", enter: "↳", leave: "↰",
		ellipsis: "…", dot: " · ", mark: "◀", micro: "µs", arrow: "→",
	}
}

func asciiGlyphs() glyphs {
	return glyphs{
		eighths: []string{"", "", "", "#", "#", "#", "#", "#"},
		full:    "#", leftHalf: "#", rightEnd: "#", tick: "|", enter: "\\_", leave: "/^",
		ellipsis: "~", dot: ", ", mark: "<", micro: "us", arrow: "->",
	}
}

// stageStyle colours a stage by its group of method.md 2.1, in hues that people
// with any kind of colour blindness can tell apart (Okabe and Ito's palette in
// the 256 colours of a terminal). The colour never says anything alone: the
// stage's name, or a letter in a stacked bar, stands beside it.
func stageStyle(stage string) style { return groupStyle(groupOf(stage)) }

func groupStyle(group string) style {
	switch group {
	case "queue":
		return "38;5;214" // orange
	case "batch_formation":
		return "38;5;227" // yellow
	case "gpu":
		return "38;5;36" // bluish green
	case "server_host":
		return "38;5;74" // sky blue
	case "network":
		return "38;5;175" // reddish purple
	}
	return "38;5;246" // grey
}

// groupOf returns the group that a stage is in; a group's own name is itself.
func groupOf(stage string) string {
	for _, group := range analyze.Rollups() {
		for _, s := range group.Stages {
			if s.String() == stage {
				return group.Name
			}
		}
	}
	return stage
}
