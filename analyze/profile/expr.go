package profile

import (
	"fmt"
	"strings"
	"time"
)

// termKind is what a term of an expression reads.
type termKind uint8

const (
	termStart termKind = iota // the span's start
	termEnd                   // the span's end
	termEvent                 // the first event with this name
	termLast                  // the last event with this name
	termTime                  // an attribute that holds a time, since the unix epoch
	termAttr                  // an attribute that holds a length
	termFixed                 // a length in the rule itself
)

// isTime tells the terms that are a moment from those that are a length.
func (k termKind) isTime() bool { return k <= termTime }

// reach says which span a term reads, seen from the rule's.
type reach uint8

const (
	reachSelf     reach = iota
	reachChild          // its first child with a name of the profile
	reachAncestor       // its nearest ancestor with that name
)

// term is one piece of an expression.
type term struct {
	kind  termKind
	minus bool
	key   string // of the event or the attribute
	unit  timeUnit
	fixed int64 // ns
	reach reach
	name  string // the name reached for
	to    int    // its index in the profile's spans
}

// expr is a sum of terms. A moment has a time as its first term and lengths
// after it; a length has lengths alone.
type expr []term

// parseExpr reads "start + attr KEY s - 5ms", "event NAME of child NAME" and
// the like; wantTime says whether it must be a moment or a length.
func parseExpr(text string, wantTime bool) (expr, error) {
	p := exprParser{}
	if err := p.split(text); err != nil {
		return nil, err
	}
	var out expr
	for {
		t, err := p.term()
		if err != nil {
			return nil, fmt.Errorf("%w in %q", err, text)
		}
		switch first := len(out) == 0; {
		case first && wantTime && !t.kind.isTime():
			return nil, fmt.Errorf("%q begins with a length: want start, end, event, last event or time", text)
		case !(first && wantTime) && t.kind.isTime():
			return nil, fmt.Errorf("%q has a time where a length belongs: want attr or a duration such as 5ms", text)
		}
		out = append(out, t)
		sign, ok := p.next()
		if !ok {
			return out, nil
		}
		if sign.quoted || sign.text != "+" && sign.text != "-" {
			return nil, fmt.Errorf("%q where + or - belongs in %q", sign.text, text)
		}
		p.minus = sign.text == "-"
	}
}

type token struct {
	text   string
	quoted bool
}

type exprParser struct {
	tokens []token
	minus  bool // the sign before the next term
}

// split cuts at blanks; single quotes hold what has blanks in it.
func (p *exprParser) split(text string) error {
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		if rest[0] == '\'' {
			end := strings.IndexByte(rest[1:], '\'')
			if end < 0 {
				return fmt.Errorf("a quote is not closed in %q", text)
			}
			p.tokens = append(p.tokens, token{rest[1 : 1+end], true})
			rest = rest[2+end:]
			continue
		}
		word := rest
		if end := strings.IndexAny(rest, " \t"); end >= 0 {
			word = rest[:end]
		}
		p.tokens = append(p.tokens, token{word, false})
		rest = rest[len(word):]
	}
	return nil
}

func (p *exprParser) next() (token, bool) {
	if len(p.tokens) == 0 {
		return token{}, false
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t, true
}

// word returns the next token for a place that needs one.
func (p *exprParser) word(what string) (string, error) {
	t, ok := p.next()
	if !ok {
		return "", fmt.Errorf("%s is missing", what)
	}
	return t.text, nil
}

func (p *exprParser) term() (t term, err error) {
	t.minus = p.minus
	word, err := p.word("a term")
	if err != nil {
		return t, err
	}
	switch word {
	case "start":
		t.kind = termStart
	case "end":
		t.kind = termEnd
	case "event":
		t.kind = termEvent
		t.key, err = p.word("the event's name")
	case "last":
		if event, _ := p.next(); event.text != "event" {
			return t, fmt.Errorf("%q after last, want event", event.text)
		}
		t.kind = termLast
		t.key, err = p.word("the event's name")
	case "time", "attr":
		t.kind = termAttr
		if word == "time" {
			t.kind = termTime
		}
		if t.key, err = p.word("the attribute's key"); err != nil {
			return t, err
		}
		var name string
		if name, err = p.word("the unit"); err != nil {
			return t, err
		}
		t.unit, err = parseUnit(name)
	default:
		t.kind = termFixed
		d, parseErr := time.ParseDuration(word)
		if parseErr != nil {
			return t, fmt.Errorf("unknown term %q: want start, end, event, last event, time, attr or a duration", word)
		}
		t.fixed = int64(d)
		return t, nil
	}
	if err != nil {
		return t, err
	}
	return t, p.reach(&t)
}

// reach reads the "of child NAME" or "of ancestor NAME" after a term, if any.
func (p *exprParser) reach(t *term) (err error) {
	if len(p.tokens) == 0 || p.tokens[0].text != "of" || p.tokens[0].quoted {
		return nil
	}
	p.tokens = p.tokens[1:]
	relation, err := p.word("child or ancestor")
	if err != nil {
		return err
	}
	switch relation {
	case "child":
		t.reach = reachChild
	case "ancestor":
		t.reach = reachAncestor
	default:
		return fmt.Errorf("%q after of, want child or ancestor", relation)
	}
	t.name, err = p.word("the name of a span")
	return err
}
