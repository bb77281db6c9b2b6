package text

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pfptrace/pfptrace/analyze"
)

// verdict says in words what holds the requests up, and with which numbers the
// rule decided.
func (p *page) verdict(v analyze.VerdictReport) {
	if v.Code == "" {
		return
	}
	p.blank()
	code := v.Code
	if v.Sub != "" {
		code += ", " + v.Sub
	}
	p.wrapped(part{"verdict  ", bold}, part{code, bold})
	if words := verdictWords(v.Code); words != "" {
		p.wrapped(plain("  "), plain(words))
	}
	var numbers []phrase
	for _, name := range slices.Sorted(maps.Keys(v.Evidence)) {
		numbers = append(numbers, say(fmt.Sprintf("%s %.3g", name, v.Evidence[name])))
	}
	if len(numbers) > 0 {
		p.phrases(part{"  because ", faint}, numbers...)
	}
	if !v.Confirmed {
		p.wrapped(plain("  "), part{"a rule's word: not confirmed by replaying the traces with the remedy", faint})
	}
}

// verdictWords explains a verdict of method.md 2.8 by how it starts.
func verdictWords(code string) string {
	for _, verdict := range []struct{ prefix, words string }{
		{"insufficient-data", "too few batches, or too much time without evidence, to say more than the shares below"},
	} {
		if strings.HasPrefix(code, verdict.prefix) {
			return verdict.words
		}
	}
	return ""
}
