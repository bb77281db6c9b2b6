package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText is how many bytes of a text are shown: some names are megabytes long.
// A cut text says so, and with that it is no longer than maxText.
const (
	maxText = 4096
	slack   = 64
)

// Clean makes a text out of a trace, a file or its name fit for one line of a
// terminal, for messages that stand outside a report.
func Clean(text string, ascii bool) string { return newPage(Options{ASCII: ascii}).clean(text) }

// clean makes a stranger's text fit to stand inside a line on a terminal. What
// moves the cursor, starts a sequence, reorders or hides text is written out as
// \n, \x1b or \u202e: control characters, line separators, the direction and
// joining marks, variation selectors, bytes that are no UTF-8. Combining marks
// stay where they combine with a letter, at most two of them. With ASCII,
// everything beyond it is written out too. What is longer than maxText is cut.
// Cleaning twice changes nothing.
func (p *page) clean(text string) string {
	if len(text) <= maxText && isPrintableASCII(text) {
		return text
	}
	var b strings.Builder
	marks, onLetter := 0, false
	for i := 0; i < len(text) && b.Len() <= maxText; {
		r, size := utf8.DecodeRuneInString(text[i:])
		isMark := unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Mc, r)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case isMark && onLetter && marks < 2 && !p.ASCII && !unicode.Is(unicode.Variation_Selector, r):
			marks++
			b.WriteRune(r)
			i += size
			continue
		case isSafe(r) && !(p.ASCII && r >= utf8.RuneSelf):
			b.WriteRune(r)
		default:
			writeEscape(&b, r)
		}
		marks, onLetter = 0, unicode.IsLetter(r) && isSafe(r)
		i += size
	}
	if b.Len() > maxText {
		return fmt.Sprintf("%s (cut, %d bytes)", strings.ToValidUTF8(b.String()[:maxText-slack], ""), len(text))
	}
	return b.String()
}

func isPrintableASCII(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

// isSafe reports whether a rune stands for itself in one or two columns.
func isSafe(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.IsMark(r) && (r == ' ' || !unicode.IsSpace(r))
}

func writeEscape(b *strings.Builder, r rune) {
	switch {
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r < utf8.RuneSelf:
		fmt.Fprintf(b, `\x%02x`, r)
	case r <= 0xffff:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}
