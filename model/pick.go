package model

// Picker is what [Span.Pick] looks for and where it puts what it finds.
type Picker struct {
	WantAttr  func(key string) bool
	WantEvent func(name string) bool
	Attr      func(key string, value Value)
	Event     func(Event)
}

// Pick passes over the span's details once and hands out the attributes and
// events that are wanted, in the order of the wire. It reads no more than the
// key of what nobody wants: ranging over Attrs().All() and Events() gives the
// same at several times the cost.
func (s *Span) Pick(p *Picker) {
	const attr, event = fieldSpanAttributes<<3 | wireBytes, fieldSpanEvents<<3 | wireBytes
	msg := s.Raw
	for len(msg) > 1 {
		if n := shortField(msg); n > 0 {
			switch msg[0] {
			case attr:
				p.attr(msg[2:n:n])
			case event:
				p.event(msg[2:n:n])
			}
			msg = msg[n:]
			continue
		}
		f, rest, ok := next(msg)
		if !ok {
			return
		}
		msg = rest
		switch {
		case f.wire != wireBytes:
		case f.number == fieldSpanAttributes:
			p.attr(f.bytes)
		case f.number == fieldSpanEvents:
			p.event(f.bytes)
		}
	}
}

// shortField returns how many bytes the first field of msg takes, if its tag is
// one byte and so is its length or varint; else 0. msg has two bytes or more.
func shortField(msg []byte) (n int) {
	tag, second := msg[0], msg[1]
	if tag < 8 || tag >= 0x80 {
		return 0
	}
	switch tag & 7 {
	case wireBytes:
		n = 2 + int(second)
		if second >= 0x80 {
			return 0
		}
	case wireVarint:
		n = 2
		if second >= 0x80 {
			return 0
		}
	case wireFixed64:
		n = 9
	case wireFixed32:
		n = 5
	}
	if n > len(msg) {
		return 0
	}
	return n
}

// attr hands out a KeyValue message if its key is wanted.
func (p *Picker) attr(msg []byte) {
	if key, ok := shortKey(msg); ok && !p.WantAttr(key) {
		return
	}
	if key, value := keyValue(msg); p.WantAttr(key) {
		p.Attr(key, value)
	}
}

// shortKey returns the key of a KeyValue message that is a short key, a short
// value and nothing else, as nearly all are.
func shortKey(msg []byte) (key string, ok bool) {
	const keyTag, valueTag = fieldKey<<3 | wireBytes, fieldValue<<3 | wireBytes
	if len(msg) < 2 || msg[0] != keyTag || msg[1] >= 0x80 || len(msg) < 4+int(msg[1]) {
		return "", false
	}
	end := 2 + int(msg[1])
	if rest := msg[end:]; rest[0] != valueTag || rest[1] >= 0x80 || len(rest) != 2+int(rest[1]) {
		return "", false
	}
	return viewString(msg[2:end]), true
}

func (p *Picker) event(msg []byte) {
	if name := viewString(lastBytes(msg, fieldEventName)); p.WantEvent(name) {
		p.Event(newEvent(msg))
	}
}
