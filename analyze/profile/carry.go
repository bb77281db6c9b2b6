package profile

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// carried is a span of a request that carries the key by which a profile joins
// implicit batches.
type carried struct {
	span int32
	key  string // what must be equal, domain and profile included
	by   string // the part of key that the batch is called by
	at   int64  // unix ns: uses within reach of each other are one batch
	near int64  // ns: that reach
	size int64  // how many requests share it, 0 unsaid

	shared bool // the key is an id that requests share, not equal times
}

// noteCarrier remembers span i for the joins by key and by time.
func (l *localizer) noteCarrier(i int, c claim) {
	p := l.profiles[c.profile]
	if p.keyJoin != nil && slices.Contains(p.keyJoin.of, int(c.name)) {
		l.noteKey(i, p)
	}
	if p.timeJoin != nil && slices.Contains(p.timeJoin.of, int(c.name)) {
		l.noteTimes(i, p)
	}
}

func (l *localizer) noteKey(i int, p *Profile) {
	j := p.keyJoin
	span := &l.trace.Spans[i]
	note := func(at int64, attr func(key string) (model.Value, bool)) {
		value, _ := attr(j.attr)
		key := matchable(value)
		if key == "" {
			return
		}
		size, _ := attr(j.size)
		n, _ := size.Int()
		l.key = appendPart(appendPart(l.key[:0], p.Name), span.Origin.Domain)
		from := len(l.key)
		l.key = appendPart(l.key, key)
		text := string(l.key)
		l.more().carries = append(l.more().carries, carried{
			span: int32(i), key: text, by: text[from:], at: at, near: j.within, size: max(0, n), shared: true,
		})
	}
	if j.event == "" {
		note(span.Start, l.at(i).attr)
		return
	}
	for _, event := range l.at(i).events {
		if event.name == j.event && event.time >= 0 {
			note(event.time, event.attrs.Get)
		}
	}
}

func (l *localizer) noteTimes(i int, p *Profile) {
	j := p.timeJoin
	key := appendPart(appendPart(l.key[:0], p.Name), l.trace.Spans[i].Origin.Domain)
	from := len(key)
	for k := range j.by {
		key = appendPart(key, l.text(i, &j.by[k]))
	}
	to := len(key)
	first, previous := int64(0), int64(0)
	for k, alternatives := range j.points {
		at, ok := l.first(i, alternatives)
		if !ok {
			return
		}
		if k == 0 {
			first = at
		} else {
			key = strconv.AppendInt(append(key, ' '), at-previous, 10)
		}
		previous = at
	}
	l.key = key
	text := string(key)
	l.more().carries = append(l.more().carries, carried{
		span: int32(i), key: text, by: text[from:to], at: first, near: j.near,
	})
}

// appendPart appends a text and its length, so that different texts make
// different keys however they are put together.
func appendPart(key []byte, text string) []byte {
	key = strconv.AppendInt(key, int64(len(text)), 10)
	return append(append(key, ':'), text...)
}

// parts undoes appendPart.
func parts(key string) (out []string) {
	for key != "" {
		digits, rest, _ := strings.Cut(key, ":")
		n, _ := strconv.Atoi(digits)
		out = append(out, rest[:n])
		key = rest[n:]
	}
	return out
}

// user is a request that carries a key.
type user struct {
	carried
	request *role.RequestInfo
	work    []*role.Interval // of the span that carries it
}

// joinImplicit makes the batches that a shared key or equal times put together.
func (j *joiner) joinImplicit() {
	users := make(map[string][]user)
	for t := range j.locals {
		if x := j.locals[t].extra; x != nil && x.carries != nil {
			j.collectUsers(&j.locals[t], j.traces.List[t].Spans, users)
		}
	}
	names := make(map[string]int)
	for _, group := range clusters(users) {
		j.joined(group, names)
	}
}

func (j *joiner) collectUsers(t *local, spans []model.Span, users map[string][]user) {
	work := make(map[*model.Span][]*role.Interval)
	for i := range t.units {
		if r := t.units[i].request; r != nil && r.Implicit != nil {
			eachWork(r.Implicit, func(iv *role.Interval) { work[iv.Span] = append(work[iv.Span], iv) })
		}
	}
	for _, c := range t.extra.carries {
		if u := t.unitOf(int(c.span)); u != nil && u.request != nil {
			users[c.key] = append(users[c.key], user{c, u.request, work[&spans[c.span]]})
		}
	}
}

// clusters cuts the users of each key where it is used again later, and returns
// them in the order of their first use, each in the order of its uses.
func clusters(users map[string][]user) (out [][]user) {
	for _, group := range users {
		slices.SortFunc(group, compareUsers)
		for len(group) > 0 {
			n := 1
			for n < len(group) && group[n].at-group[0].at <= group[0].near {
				n++
			}
			out = append(out, group[:n])
			group = group[n:]
		}
	}
	slices.SortFunc(out, func(x, y []user) int {
		return cmp.Or(compareUsers(x[0], y[0]), strings.Compare(x[0].key, y[0].key))
	})
	return out
}

// eachWork visits the intervals of a batch.
func eachWork(b *role.BatchInfo, visit func(*role.Interval)) {
	for _, iv := range []*role.Interval{b.Form, b.RPC, b.Server} {
		if iv != nil {
			visit(iv)
		}
	}
	for _, list := range [][]*role.Interval{b.GPU, b.Prep, b.Post, b.Scatter} {
		for _, iv := range list {
			visit(iv)
		}
	}
}

// maxKey is how much of a shared key names a batch, in bytes. Batches that are
// cut to the same name are numbered.
const maxKey = 120

// joined makes one batch out of the uses of one key.
func (j *joiner) joined(group []user, names map[string]int) {
	name := strings.Join(parts(group[0].by), "/")
	name = name[:min(len(name), maxKey)]
	if !group[0].shared {
		name += "@" + strconv.FormatInt(group[0].at, 10)
	}
	b := &role.BatchInfo{Key: name, Start: group[0].at, End: group[0].at, Profile: group[0].request.Profile}
	if names[b.Key]++; names[b.Key] > 1 {
		b.Key += "/" + strconv.Itoa(names[b.Key])
	}
	b.Domain, b.Can = group[0].request.Domain, group[0].request.Can
	members := make(map[*role.RequestInfo]bool)
	for _, u := range group {
		b.Size = max(b.Size, u.size)
		for _, iv := range u.work {
			j.work(b, iv)
			b.Start, b.End, b.Domain = min(b.Start, iv.Start), max(b.End, iv.End), iv.Domain
		}
		if members[u.request] {
			continue
		}
		members[u.request] = true
		m := &role.Membership{Request: u.request, Batch: b}
		if q := j.freeQueue(u); q != nil {
			m.Queues = append(m.Queues, q)
		}
		b.Members = append(b.Members, m)
		u.request.Joined = append(u.request.Joined, b)
	}
	j.world.Batches = append(j.world.Batches, b)
}

// freeQueue returns the queue interval that a use of a key ends: the last one
// that begins before it and that no earlier batch has taken.
func (j *joiner) freeQueue(u user) *role.Interval {
	for i := len(u.request.Queues) - 1; i >= 0; i-- {
		if q := u.request.Queues[i]; q.Start <= u.at {
			if j.taken[q] {
				return nil
			}
			j.taken[q] = true
			return q
		}
	}
	return nil
}
