package profile

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// Explanation says how profiles read some traces, for whoever writes one.
type Explanation struct {
	World     *role.World
	Profiles  []ProfileUse // those that are in force in some trace, in the order of the list
	Unmatched []NameCount  // names of spans that no rule fits, the most frequent first
	Distinct  int          // how many names Unmatched would hold without its limit
}

// ProfileUse says what a profile found.
type ProfileUse struct {
	Name   string
	Traces int // in which it is in force
	Rules  []RuleUse
}

// RuleUse says what one name of a profile's spans fits; for the roles that
// spans say themselves, what one role does.
type RuleUse struct {
	Name     string
	Roles    []string // that the profile's rules give to it
	Spans    int
	Skipped  int      // times a rule gave no interval, since its points could not be computed
	Examples []string // names of such spans, a few
}

// NameCount is a span name and how many spans have it.
type NameCount struct {
	Name    string
	Service string
	Spans   int
}

// Limits of an Explanation.
const (
	maxExamples  = 3
	maxUnmatched = 50
	maxDistinct  = 10_000 // names that are told apart; further ones are counted as one
)

// Explain resolves traces and says which rule fitted what.
func (m *Matcher) Explain(traces *model.Traces) *Explanation {
	e := explainer{matcher: m, traces: make([]int, len(m.profiles)), rules: make(map[ruleKey]*RuleUse), unmatched: make(map[NameCount]int)}
	world := m.resolve(traces, e.watch)
	out := &Explanation{World: world, Distinct: len(e.unmatched)}
	for i, p := range m.profiles {
		if e.traces[i] > 0 {
			out.Profiles = append(out.Profiles, ProfileUse{Name: p.Name, Traces: e.traces[i], Rules: e.rulesOf(i)})
		}
	}
	for name, n := range e.unmatched {
		name.Spans = n
		out.Unmatched = append(out.Unmatched, name)
	}
	slices.SortFunc(out.Unmatched, func(x, y NameCount) int {
		return cmp.Or(cmp.Compare(y.Spans, x.Spans), strings.Compare(x.Name, y.Name), strings.Compare(x.Service, y.Service))
	})
	out.Unmatched = out.Unmatched[:min(len(out.Unmatched), maxUnmatched)]
	return out
}

// ruleKey is a name of a profile, or a role that spans say themselves.
type ruleKey struct {
	nameOf
	role role.Role
}

type explainer struct {
	matcher   *Matcher
	traces    []int
	rules     map[ruleKey]*RuleUse
	unmatched map[NameCount]int
}

// watch counts the claims on the spans of one trace.
func (e *explainer) watch(l *localizer) {
	for _, p := range l.inForce {
		e.traces[p]++
	}
	for i, c := range l.claims {
		span := &l.trace.Spans[i]
		if c.profile < 0 {
			key := NameCount{Name: span.Name, Service: span.Origin.Service}
			if len(e.unmatched) >= maxDistinct && e.unmatched[key] == 0 {
				key = NameCount{Name: "(others)"}
			}
			e.unmatched[key]++
			continue
		}
		key := ruleKey{nameOf{c.profile, c.name}, c.role}
		use := e.rules[key]
		if use == nil {
			use = &RuleUse{}
			e.rules[key] = use
		}
		use.Spans++
		if len(use.Examples) < maxExamples && !slices.Contains(use.Examples, span.Name) {
			use.Examples = append(use.Examples, span.Name)
		}
	}
	for name, n := range l.skipped {
		e.rules[ruleKey{name, role.None}].Skipped += n
	}
}

// rulesOf lists what profile p's names fit, in the order of its file, and then
// what spans say themselves. Names that fit nothing are listed too.
func (e *explainer) rulesOf(p int) (out []RuleUse) {
	profile := e.matcher.profiles[p]
	for name := range profile.spans {
		use := RuleUse{}
		if found := e.rules[ruleKey{nameOf{int16(p), int16(name)}, role.None}]; found != nil {
			use = *found
		}
		use.Name = profile.spans[name].name
		for _, rule := range e.matcher.rulesOf[p][name] {
			use.Roles = append(use.Roles, profile.roles[rule].role.String())
		}
		out = append(out, use)
	}
	for r := role.Request; r <= role.Scatter; r++ {
		if found := e.rules[ruleKey{nameOf{int16(p), -1}, r}]; found != nil {
			use := *found
			use.Name, use.Roles = profile.facts[factRole]+"="+r.String(), []string{r.String()}
			out = append(out, use)
		}
	}
	return out
}
