package analyze

import (
	"cmp"
	"fmt"
	"math/big"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// compileComparison turns field, operator and value into a predicate. key is
// the quoted key of attr."KEY", else its zero value.
func compileComparison(field, key, op, value token) (predicate, error) {
	if name, ok := strings.CutPrefix(field.text, "stage."); ok {
		return compileStage(name, field, op, value)
	}
	if name, ok := strings.CutPrefix(field.text, "attr."); ok {
		return compileAttr(name+key.text, field, op, value)
	}
	switch field.text {
	case "e2e":
		want, err := durationOf(value)
		return compileOrder(op, func(r *Row) int { return cmp.Compare(r.E2E, want) }, err)
	case "attempts":
		return compileCount(op, value, func(r *Row) int64 { return int64(r.Attempts) })
	case "batch.size":
		return compileCount(op, value, func(r *Row) int64 { return r.BatchSize })
	case "weight":
		return compileCount(op, value, func(r *Row) int64 { return r.Request.Weight })
	case "service":
		return compileText(op, value, func(r *Row) string { return r.Request.Service })
	case "name":
		return compileText(op, value, func(r *Row) string { return r.Request.Span.Name })
	case "profile":
		return compileText(op, value, func(r *Row) string { return r.Request.Profile })
	case "status":
		return compileText(op, value, func(r *Row) string { return r.Request.Status.String() })
	case "trace":
		return compileText(op, value, func(r *Row) string { return r.Request.Trace.String() })
	case "flag":
		return compileFlag(op, value)
	}
	return nil, field.expected("a field: e2e, stage.NAME, service, name, profile, status, trace, flag, attempts, batch.size, weight or attr.KEY")
}

// compileOrder compares numbers. compare returns -1, 0 or 1 for a row; err is
// that of reading the value.
func compileOrder(op token, compare func(*Row) int, err error) (predicate, error) {
	var match predicate
	switch op.text {
	case "=":
		match = func(r *Row) bool { return compare(r) == 0 }
	case "!=":
		match = func(r *Row) bool { return compare(r) != 0 }
	case ">":
		match = func(r *Row) bool { return compare(r) > 0 }
	case ">=":
		match = func(r *Row) bool { return compare(r) >= 0 }
	case "<":
		match = func(r *Row) bool { return compare(r) < 0 }
	case "<=":
		match = func(r *Row) bool { return compare(r) <= 0 }
	default:
		return nil, op.expected("= != > >= < or <= for a number")
	}
	return match, err
}

func compileCount(op, value token, get func(*Row) int64) (predicate, error) {
	want, err := strconv.ParseInt(value.text, 10, 64)
	if err != nil {
		return nil, value.expected("a whole number")
	}
	return compileOrder(op, func(r *Row) int { return cmp.Compare(get(r), want) }, nil)
}

func compileStage(name string, field, op, value token) (predicate, error) {
	stage, ok := ParseStage(name)
	if !ok {
		return nil, field.expected("stage. and one of " + strings.Join(stageNames[:], " "))
	}
	if percent, ok := strings.CutSuffix(value.text, "%"); ok {
		share, ok := decimal(percent, microPercent)
		if !ok {
			return nil, value.expected("a percentage such as 40% or 12.5%")
		}
		return compileOrder(op, func(r *Row) int { return compareShare(r.Stages[stage], r.E2E, share) }, nil)
	}
	want, err := durationOf(value)
	return compileOrder(op, func(r *Row) int { return cmp.Compare(r.Stages[stage], want) }, err)
}

// microPercent is the unit in which shares are compared, so that 12.5% is a
// whole number.
const microPercent = 1_000_000

// compareShare compares part/whole with share, exactly.
func compareShare(part, whole, share int64) int {
	xHigh, xLow := bits.Mul64(uint64(part), 100*microPercent)
	yHigh, yLow := bits.Mul64(uint64(whole), uint64(share))
	return cmp.Or(cmp.Compare(xHigh, yHigh), cmp.Compare(xLow, yLow))
}

// durationOf reads a number with a unit as whole nanoseconds.
func durationOf(value token) (int64, error) {
	for _, unit := range []struct {
		name string
		ns   int64
	}{{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}} {
		number, ok := strings.CutSuffix(value.text, unit.name)
		if !ok {
			continue
		}
		if ns, ok := decimal(number, unit.ns); ok {
			return ns, nil
		}
	}
	return 0, value.expected("a duration such as 500ms, 1.5s, 20us or 2m")
}

// decimal reads digits with at most one point and multiplies them with unit;
// what comes out must be whole.
func decimal(text string, unit int64) (int64, bool) {
	if text == "" || strings.Trim(text, "0123456789.") != "" {
		return 0, false
	}
	n, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, false
	}
	n.Mul(n, new(big.Rat).SetInt64(unit))
	return n.Num().Int64(), n.IsInt() && n.Num().IsInt64()
}

func compileText(op, value token, get func(*Row) string) (predicate, error) {
	test, err := compileTextTest(op, value)
	return func(r *Row) bool { return test(get(r)) }, err
}

// compileTextTest handles = != =~ !~.
func compileTextTest(op, value token) (func(string) bool, error) {
	switch op.text {
	case "=":
		return func(s string) bool { return s == value.text }, nil
	case "!=":
		return func(s string) bool { return s != value.text }, nil
	case "=~", "!~":
		pattern, err := regexp.Compile(value.text)
		if err != nil {
			return nil, &FilterError{value.column, fmt.Sprintf("not a pattern: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))}
		}
		if op.text == "=~" {
			return pattern.MatchString, nil
		}
		return func(s string) bool { return !pattern.MatchString(s) }, nil
	}
	return nil, op.expected("= != =~ or !~ for a text")
}

// splitNegation returns the operator without its !, and whether it had one.
func splitNegation(op token) (token, bool) {
	switch op.text {
	case "!=":
		op.text = "="
	case "!~":
		op.text = "=~"
	default:
		return op, false
	}
	return op, true
}

func compileFlag(op, value token) (predicate, error) {
	op, negative := splitNegation(op)
	if op.text == "=" {
		bit, ok := FlagByName(value.text)
		if !ok {
			return nil, value.expected("a flag of the method, such as retried or missing:gpu")
		}
		return func(r *Row) bool { return (r.Flags&bit != 0) != negative }, nil
	}
	test, err := compileTextTest(op, value)
	return func(r *Row) bool { return slices.ContainsFunc(r.Flags.Names(), test) != negative }, err
}

func compileAttr(name string, field, op, value token) (predicate, error) {
	if name == "" {
		return nil, field.expected(`attr.KEY or attr."KEY"`)
	}
	switch op.text {
	case ">", ">=", "<", "<=":
		return compileAttrOrder(name, op, value)
	}
	op, negative := splitNegation(op)
	test, err := compileTextTest(op, value)
	return func(r *Row) bool {
		v, ok := r.attr(name)
		return (ok && test(v.Text())) != negative
	}, err
}

func compileAttrOrder(name string, op, value token) (predicate, error) {
	want, err := strconv.ParseFloat(value.text, 64)
	if err != nil {
		return nil, value.expected("a number")
	}
	number := func(r *Row) (float64, bool) {
		v, ok := r.attr(name)
		if !ok {
			return 0, false
		}
		return v.Double()
	}
	order, err := compileOrder(op, func(r *Row) int {
		got, _ := number(r)
		return cmp.Compare(got, want)
	}, nil)
	return func(r *Row) bool {
		_, ok := number(r)
		return ok && order(r)
	}, err
}
