package profile

import "github.com/pfptrace/pfptrace/analyze/role"

// Matcher is the union of some profiles, compiled: it looks at every span once,
// not once a rule. It never changes and may serve many goroutines.
type Matcher struct {
	profiles   []*Profile
	alts       []alternative // of all profiles, in their order, then of their names, then of a name's selectors
	altsOf     [][2]int      // of each profile: its range in alts
	explicit   int           // index of the profile whose facts name a role attribute, -1 without
	fallbacks  []int         // profiles that are tried where nothing else is found
	can        []canGive     // of each profile
	hasIn      []bool        // of each profile: some selector asks for a place in a batch
	attrKeys   interest
	eventNames interest
	rulesOf    [][][]int // of each profile and span name: its role rules, as indexes
	endsWait   [][]bool  // of each profile and span name: it ends the waits of some rule with until
}

// alternative is one selector of one span name of one profile.
type alternative struct {
	*selector
	profile, name int
	strength      strength
	needsDetails  bool
	needs         presence // keys and events without which it cannot fit
}

// canGive says which roles rules can give.
type canGive struct{ request, batch role.Set }

// NewMatcher compiles profiles; earlier ones win where all else is equal.
func NewMatcher(profiles ...*Profile) *Matcher {
	m := &Matcher{profiles: profiles, explicit: -1}
	for i, p := range profiles {
		m.add(i, p)
	}
	return m
}

func (m *Matcher) add(number int, p *Profile) {
	first := len(m.alts)
	hasIn := false
	for name := range p.spans {
		for i := range p.spans[name].fits {
			s := &p.spans[name].fits[i]
			m.alts = append(m.alts, alternative{s, number, name, s.strength(), s.needsDetails(), s.needs()})
			hasIn = hasIn || s.in != anywhere
			for _, condition := range s.attrs {
				m.attrKeys.add(condition.key)
			}
			m.attrKeys.add(s.anyAttr...)
			m.eventNames.add(s.events...)
		}
	}
	m.altsOf = append(m.altsOf, [2]int{first, len(m.alts)})
	m.hasIn = append(m.hasIn, hasIn)
	request, batch := p.can()
	m.can = append(m.can, canGive{request, batch})
	if p.facts[factRole] != "" && m.explicit < 0 {
		m.explicit = number
	}
	if p.fallback {
		m.fallbacks = append(m.fallbacks, number)
	}
	m.addRules(p)
	m.addKeys(p)
}

func (m *Matcher) addRules(p *Profile) {
	rules := make([][]int, len(p.spans))
	ends := make([]bool, len(p.spans))
	for i := range p.roles {
		for _, name := range p.roles[i].of {
			rules[name] = append(rules[name], i)
		}
		if p.roles[i].until >= 0 {
			ends[p.roles[i].until] = true
		}
	}
	m.rulesOf = append(m.rulesOf, rules)
	m.endsWait = append(m.endsWait, ends)
}

func (m *Matcher) addKeys(p *Profile) {
	addExpr := func(e expr) {
		for _, t := range e {
			switch t.kind {
			case termAttr, termTime:
				m.attrKeys.add(t.key)
			case termEvent, termLast:
				m.eventNames.add(t.key)
			}
		}
	}
	for i := range p.roles {
		for _, alternatives := range [][]expr{p.roles[i].from, p.roles[i].to, p.roles[i].lasting} {
			for _, e := range alternatives {
				addExpr(e)
			}
		}
	}
	m.attrKeys.add(p.facts[:]...)
	if j := p.keyJoin; j != nil {
		m.attrKeys.add(j.attr, j.size)
		m.eventNames.add(j.event)
	}
	if j := p.timeJoin; j != nil {
		addExpr(j.by)
		for _, alternatives := range j.points {
			for _, e := range alternatives {
				addExpr(e)
			}
		}
	}
}
