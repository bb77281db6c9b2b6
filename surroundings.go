package main

import (
	"os"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/term"

	"github.com/pfptrace/pfptrace/analyze/text"
)

// variable returns the value of an environment variable, "" where it is unset.
// Of one that is given twice the last counts, as in os/exec.
func (p *program) variable(name string) string {
	for i := len(p.env) - 1; i >= 0; i-- {
		if value, ok := strings.CutPrefix(p.env[i], name+"="); ok {
			return value
		}
	}
	return ""
}

// isUTF8 reports whether the locale writes UTF-8. Windows has no such
// variables, and its terminals do.
func (p *program) isUTF8() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(p.variable(name)); locale != "" {
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return runtime.GOOS == "windows"
}

// maxWidth is the widest line that COLUMNS may ask for.
const maxWidth = 1000

// textOptions says how text looks here: COLUMNS wins over the terminal, and
// --color over NO_COLOR.
func (p *program) textOptions() text.Options {
	o := text.Options{Width: text.DefaultWidth, ASCII: !p.isUTF8()}
	out, isFile := p.stdout.(*os.File)
	onTerminal := isFile && term.IsTerminal(int(out.Fd()))
	if onTerminal {
		if width, _, err := term.GetSize(int(out.Fd())); err == nil && width > 0 {
			o.Width = width
		}
	}
	if columns, err := strconv.Atoi(p.variable("COLUMNS")); err == nil && columns > 0 {
		o.Width = min(columns, maxWidth)
	}
	switch p.color.String() {
	case "always":
		o.Color = true
	case "auto":
		o.Color = onTerminal && p.variable("NO_COLOR") == "" && p.variable("TERM") != "dumb"
	}
	return o
}
