package otlp

// The names of a span's first members, with what stands between them. The
// compiler compares up to sixteen bytes in place, so longer ones are in two.
const (
	prefixTrace    = `"traceId":"`
	prefixSpan     = `","spanId":"`
	prefixParent   = `,"parentSpanId":`
	prefixFlags    = `,"flags":`
	prefixName     = `,"name":"`
	prefixKind     = `,"kind":`
	prefixStart    = `,"startTimeUnixN`
	prefixStartEnd = `ano":"`
	prefixEnd      = `,"endTimeUnixNan`
	prefixEndEnd   = `o":"`

	prefixRoom = 192 // more than all of them with their values, but for the name
)

// prefix reads the members at the front of a span where they stand in the
// order and form in which SDKs and the Collector write them, in straight line.
// It returns the last one that it read; what it does not know is left to
// spanKey and member, in the middle of the span.
func (r *reader) prefix(s *jsonSpan) (last spanKey) {
	b := r.doc[r.at:]
	const span = len(prefixTrace) + 2*len(s.trace) // where the span id's name begins
	const id = span + len(prefixSpan)
	const end = id + 2*len(s.id)
	if len(b) < prefixRoom || string(b[:len(prefixTrace)]) != prefixTrace || string(b[span:id]) != prefixSpan || b[end] != '"' {
		return spanFirst
	}
	if !wholeHex(s.trace[:], b[len(prefixTrace):span]) || !wholeHex(s.id[:], b[id:end]) {
		return spanFirst
	}
	r.first = false
	b, last = s.prefixName(b[end+1:])
	if last == spanName && len(b) >= prefixRoom {
		b, last = s.prefixTimes(b)
	}
	r.at = len(r.doc) - len(b)
	return last
}

// prefixName reads the parent, the flags and the name, of which only the name
// must be there. b is long enough for all up to the name.
func (s *jsonSpan) prefixName(b []byte) (rest []byte, last spanKey) {
	last = spanID
	const parent = len(prefixParent) + 1
	const end = parent + 2*len(s.parent)
	if string(b[:len(prefixParent)]) == prefixParent && b[parent-1] == '"' && b[end] == '"' {
		if !wholeHex(s.parent[:], b[parent:end]) {
			clear(s.parent[:])
			return b, last
		}
		b, last = b[end+1:], spanParentID
	}
	if string(b[:len(prefixFlags)]) == prefixFlags {
		flags := b[len(prefixFlags):]
		size := 0
		for size < 10 && flags[size]-'0' <= 9 {
			size++
		}
		if size == 0 || flags[size] != ',' || flags[0] == '0' {
			return b, last
		}
		s.flags, b, last = flags[:size], flags[size:], spanFlags
	}
	if string(b[:len(prefixName)]) != prefixName {
		return b, last
	}
	name := b[len(prefixName):]
	size := endOfPlain(name, 0)
	if size == len(name) || name[size] != '"' {
		return b, last
	}
	s.name = name[:size]
	return name[size+1:], spanName
}

// prefixTimes reads the kind and the times behind the name.
func (s *jsonSpan) prefixTimes(b []byte) (rest []byte, last spanKey) {
	const kind = len(prefixKind)
	if string(b[:kind]) != prefixKind || b[kind]-'0' > 9 || b[kind+1] != ',' {
		return b, spanName
	}
	s.kind = b[kind : kind+1]
	b = b[kind+1:]

	const start = len(prefixStart) + len(prefixStartEnd)
	if string(b[:len(prefixStart)]) != prefixStart || string(b[len(prefixStart):start]) != prefixStartEnd {
		return b, spanKind
	}
	ns, ok := parseTime(b[start:])
	if !ok {
		return b, spanKind
	}
	s.start = ns
	b = b[start+timeDigits+1:]

	const end = len(prefixEnd) + len(prefixEndEnd)
	if string(b[:len(prefixEnd)]) != prefixEnd || string(b[len(prefixEnd):end]) != prefixEndEnd {
		return b, spanStart
	}
	if ns, ok = parseTime(b[end:]); !ok {
		return b, spanStart
	}
	s.end = ns
	return b[end+timeDigits+1:], spanEnd
}
