package profile

import (
	"slices"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// claim is what a span is taken for: a name of a profile, or, where the span
// says it itself, a role.
type claim struct {
	profile  int16 // -1: nobody's
	name     int16 // in the profile's spans; -1: the role says it all
	role     role.Role
	strength strength
}

// classKey is what spans have in common to which the same selectors can fit.
type classKey struct {
	name   string
	kind   model.Kind
	origin *model.Origin
}

// maxClasses bounds the memory for classes; spans beyond are matched one by one.
const maxClasses = 1 << 16

// marker finds the claims on the spans of one trace at a time.
type marker struct {
	*Matcher
	*reader
	classes  [2]map[classKey][]int32 // of ordinary and of fallback profiles: the alternatives that fit a class
	trace    *model.Trace
	hits     []int32 // alternatives that fit, span after span
	hitsFrom []int32 // of each span, and one more
	claims   []claim
	naming   []int // profiles whose names count in the trace, in their order
	inForce  []int // these, and the one of the spans that say their role
	rivals   []int
	detected []strength // of each profile: the best evidence for it in the trace
	odd      oddMarks
}

// oddMarks counts what reports warn of.
type oddMarks struct {
	overlaps     int          // spans that several profiles claim
	overlapping  map[int]bool // these profiles
	unknownRoles int          // spans with a role that is none
	unknownRole  string
	badIDs       int // attributes that should hold a trace id and do not
	badNumbers   int // attributes that should hold a time or a length and do not
	overflows    int // times that int64 cannot hold
	unowned      int // spans with a part in one of several requests of a trace, below none of them
}

func newMarker(m *Matcher) *marker {
	k := &marker{Matcher: m, reader: newReader(&m.attrKeys, &m.eventNames), detected: make([]strength, len(m.profiles))}
	k.classes = [2]map[classKey][]int32{{}, {}}
	k.odd.overlapping = make(map[int]bool)
	return k
}

// start looks at each span of a trace by itself. Afterwards claims holds what
// spans say of themselves, and naming the profiles whose names count here.
func (k *marker) start(trace *model.Trace) {
	k.trace = trace
	k.read(trace.Spans)
	clear(k.detected)
	k.naming = k.naming[:0]
	k.claims = k.claims[:0]
	explicit := false
	for i := range trace.Spans {
		c := k.ownWord(i)
		explicit = explicit || c.role != role.None
		k.claims = append(k.claims, c)
	}
	k.match(0)
	if len(k.naming) == 0 && !explicit && len(k.fallbacks) > 0 {
		k.match(1)
		k.naming = append(k.naming, k.fallbacks...)
	}
	slices.Sort(k.naming)
	k.inForce = append(k.inForce[:0], k.naming...)
	if explicit {
		k.inForce = append(k.inForce, k.explicit)
	}
}

// ownWord reads the role that a span says it has.
func (k *marker) ownWord(i int) claim {
	if k.explicit >= 0 {
		if said := k.at(i).text(k.profiles[k.explicit].facts[factRole]); said != "" {
			if r := role.Parse(said); r != role.None {
				return claim{int16(k.explicit), -1, r, byRole}
			}
			k.odd.unknownRoles++
			k.odd.unknownRole = said
		}
	}
	return claim{profile: -1, name: -1}
}

func (k *marker) detect(profile int, by strength) {
	if k.detected[profile] == 0 {
		k.naming = append(k.naming, profile)
	}
	k.detected[profile] = max(k.detected[profile], by)
}

// match fills hits with the selectors that fit each span; set is 0 for the
// ordinary profiles, 1 for the fallback ones.
func (k *marker) match(set int) {
	k.hits, k.hitsFrom = k.hits[:0], k.hitsFrom[:0]
	for i := range k.trace.Spans {
		k.hitsFrom = append(k.hitsFrom, int32(len(k.hits)))
		for _, number := range k.class(set, &k.trace.Spans[i]) {
			alt := &k.alts[number]
			if !k.fits(alt, i) {
				continue
			}
			k.hits = append(k.hits, number)
			if k.profiles[alt.profile].spans[alt.name].detects && set == 0 {
				k.detect(alt.profile, alt.strength)
			}
		}
	}
	k.hitsFrom = append(k.hitsFrom, int32(len(k.hits)))
}

// class returns the alternatives that go by more than a place and can fit
// spans of this one's name, kind and origin.
func (k *marker) class(set int, span *model.Span) []int32 {
	key := classKey{span.Name, span.Kind, span.Origin}
	numbers, ok := k.classes[set][key]
	if ok {
		return numbers
	}
	for number := range k.alts {
		alt := &k.alts[number]
		if alt.strength > byPlace && k.profiles[alt.profile].fallback == (set == 1) && alt.fitsClass(span) {
			numbers = append(numbers, int32(number))
		}
	}
	if len(k.classes[set]) < maxClasses {
		k.classes[set][key] = numbers
	}
	return numbers
}

// fits checks an alternative whose class fits span i.
func (k *marker) fits(alt *alternative, i int) bool {
	return k.ends[i].presence&alt.needs == alt.needs && alt.fitsPlain(&k.trace.Spans[i]) &&
		(!alt.needsDetails || alt.fitsDetails(k.at(i)))
}

// standing answers the questions of selectors that a span alone cannot.
type standing struct{ inBatch, inServer bool }

func (at standing) holds(in place) bool {
	switch in {
	case inBatch:
		return at.inBatch
	case inServer:
		return at.inServer
	case inRequest:
		return !at.inBatch
	}
	return true
}

// claimOf returns the best claim of the profiles whose names count on span i.
// Afterwards rivals holds the profiles that go by more than a place.
func (k *marker) claimOf(i int, at standing) claim {
	best := claim{profile: -1, name: -1}
	k.rivals = k.rivals[:0]
	for _, p := range k.naming {
		name, by := k.nameIn(p, i, at)
		if name < 0 {
			continue
		}
		if by > byPlace {
			k.rivals = append(k.rivals, p)
		}
		if best.profile < 0 || by > best.strength || by == best.strength && k.detected[p] > k.detected[best.profile] {
			best = claim{int16(p), int16(name), role.None, by}
		}
	}
	return best
}

// noteRivals counts a span that several profiles want.
func (k *marker) noteRivals() {
	if len(k.rivals) < 2 {
		return
	}
	k.odd.overlaps++
	for _, p := range k.rivals {
		k.odd.overlapping[p] = true
	}
}

// nameIn returns the first name of profile p that fits span i, or -1.
func (k *marker) nameIn(p, i int, at standing) (name int, by strength) {
	hits := k.hits[k.hitsFrom[i]:k.hitsFrom[i+1]]
	span := &k.trace.Spans[i]
	for number := k.altsOf[p][0]; number < k.altsOf[p][1]; number++ {
		alt := &k.alts[number]
		fits := false
		if alt.strength > byPlace {
			fits = slices.Contains(hits, int32(number))
		} else {
			fits = alt.fitsClass(span) && alt.fitsPlain(span)
		}
		if fits && at.holds(alt.in) {
			return alt.name, alt.strength
		}
	}
	return -1, byPlace
}
