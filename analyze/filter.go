package analyze

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Filter picks requests. There is one grammar, for --filter and for every other
// place that asks which requests:
//
//	e2e>500ms and stage.queue_wait>40% and service=~"api" and not flag=retried
//
//	filter     = all { "or" all }
//	all        = one { "and" one }
//	one        = "not" one | "(" filter ")" | comparison
//	comparison = field operator value
//
//	field                           operators              value
//	e2e                             = != > >= < <=         a duration: 500ms, 1.5s, 20us, 2m
//	stage.NAME                      = != > >= < <=         a duration, or a share of e2e: 40%
//	attempts, batch.size, weight    = != > >= < <=         a whole number
//	service, name, profile, status  = != =~ !~             a text; ~ is an RE2 pattern, found anywhere
//	trace                           = != =~ !~             the trace id in 32 lower-case hex digits
//	flag                            = != =~ !~             a flag of the method; = asks whether it is set
//	attr.KEY, attr."KEY"            = != =~ !~ > >= < <=   an attribute of the request's span, else of its resource
//
// Texts of letters, digits and _ . : / + - * @ % need no quotes. In double
// quotes \" is a quote and every other backslash stays, so that a pattern reads
// as it is; single quotes keep all as it stands. An attribute that is not there
// equals nothing and matches nothing: != and !~ hold, the others do not.
//
// The nil Filter picks everything.
type Filter struct {
	text  string
	match predicate
}

type predicate func(*Row) bool

// The limits of a filter's text; it may come from anywhere.
const (
	maxFilterBytes = 4096
	maxFilterDepth = 64
)

// FilterError says where a filter stops making sense.
type FilterError struct {
	Column int // 1-based, in characters
	Reason string
}

// Error names the column.
func (e *FilterError) Error() string { return fmt.Sprintf("filter column %d: %s", e.Column, e.Reason) }

// ParseFilter reads a filter. An error is a *FilterError.
func ParseFilter(text string) (*Filter, error) {
	if len(text) > maxFilterBytes {
		return nil, &FilterError{1, fmt.Sprintf("longer than %d bytes", maxFilterBytes)}
	}
	if !utf8.ValidString(text) {
		return nil, &FilterError{1, "not valid UTF-8"}
	}
	tokens, err := scanFilter(text)
	if err != nil {
		return nil, err
	}
	p := filterParser{tokens: tokens}
	match, err := p.any(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokenEnd {
		return nil, t.expected(`"and", "or" or the end`)
	}
	return &Filter{text, match}, nil
}

// Match reports whether the filter picks the row.
func (f *Filter) Match(row *Row) bool { return f == nil || f.match(row) }

// And returns the filter that picks what both pick.
func (f *Filter) And(other *Filter) *Filter {
	if f == nil {
		return other
	}
	return &Filter{
		text:  "(" + f.text + ") and (" + other.text + ")",
		match: func(r *Row) bool { return f.match(r) && other.match(r) },
	}
}

// ServiceFilter picks the requests of one service, whatever its name holds.
func ServiceFilter(name string) *Filter {
	return &Filter{
		text:  "service=" + strconv.Quote(name),
		match: func(r *Row) bool { return r.Request.Service == name },
	}
}

// String returns the text that was parsed.
func (f *Filter) String() string {
	if f == nil {
		return ""
	}
	return f.text
}

type filterParser struct {
	tokens []token
	at     int
}

func (p *filterParser) peek() token { return p.tokens[p.at] }

func (p *filterParser) take() token {
	t := p.tokens[p.at]
	if t.kind != tokenEnd {
		p.at++
	}
	return t
}

func (p *filterParser) takeWord(word string) bool {
	if t := p.peek(); t.kind != tokenWord || t.text != word {
		return false
	}
	p.at++
	return true
}

func (p *filterParser) any(depth int) (predicate, error) {
	left, err := p.all(depth)
	for err == nil && p.takeWord("or") {
		x, y := left, predicate(nil)
		y, err = p.all(depth)
		left = func(r *Row) bool { return x(r) || y(r) }
	}
	return left, err
}

func (p *filterParser) all(depth int) (predicate, error) {
	left, err := p.one(depth)
	for err == nil && p.takeWord("and") {
		x, y := left, predicate(nil)
		y, err = p.one(depth)
		left = func(r *Row) bool { return x(r) && y(r) }
	}
	return left, err
}

func (p *filterParser) one(depth int) (predicate, error) {
	if depth > maxFilterDepth {
		return nil, &FilterError{p.peek().column, fmt.Sprintf("nested deeper than %d", maxFilterDepth)}
	}
	if p.takeWord("not") {
		x, err := p.one(depth + 1)
		return func(r *Row) bool { return !x(r) }, err
	}
	if p.peek().kind != tokenOpen {
		return p.comparison()
	}
	p.at++
	x, err := p.any(depth + 1)
	if err != nil {
		return nil, err
	}
	if t := p.take(); t.kind != tokenClose {
		return nil, t.expected(`"and", "or" or ")"`)
	}
	return x, nil
}

func (p *filterParser) comparison() (predicate, error) {
	field := p.take()
	if field.kind != tokenWord {
		return nil, field.expected("a field such as e2e, stage.queue_wait or service")
	}
	key := token{}
	if field.text == "attr." && p.peek().kind == tokenString {
		key = p.take()
	}
	op := p.take()
	if op.kind != tokenOperator {
		return nil, op.expected("an operator: = != > >= < <= =~ !~")
	}
	value := p.take()
	if value.kind != tokenWord && value.kind != tokenString {
		return nil, value.expected("a value")
	}
	return compileComparison(field, key, op, value)
}
