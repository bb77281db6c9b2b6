package otlp

// message is a message type of OTLP, as far as validation needs to know it.
type message uint8

const (
	plainMessage message = iota // holds no other messages that anyone reads
	resourceMessage
	scopeMessage
	eventMessage
	linkMessage
	keyValueMessage
	anyValueMessage
	arrayMessage
	keyValueListMessage
)

// child returns which message the length-delimited field with this number
// holds; ok is false for strings, bytes and unknown fields.
func (m message) child(number int) (child message, ok bool) {
	switch {
	case m == keyValueMessage && number == 2, m == arrayMessage && number == 1:
		return anyValueMessage, true
	case m == resourceMessage && number == 1, m == keyValueListMessage && number == 1,
		m == scopeMessage && number == 3, m == eventMessage && number == 3, m == linkMessage && number == 4:
		return keyValueMessage, true
	case m == resourceMessage && number == 3: // an EntityRef
		return plainMessage, true
	case m == anyValueMessage && number == 5:
		return arrayMessage, true
	case m == anyValueMessage && number == 6:
		return keyValueListMessage, true
	}
	return 0, false
}

// check validates every tag, length and number in the message b of type m and
// in what it holds. depth is how many messages it stands in.
func check(b []byte, m message, depth int) error {
	if depth > maxDepth {
		return broken(b, "values nested too deep")
	}
	for len(b) > 0 {
		f, rest, err := next(b)
		if err != nil {
			return err
		}
		if child, ok := m.child(f.number); ok && f.wire == wireBytes {
			if err := check(f.bytes, child, depth+1); err != nil {
				return err
			}
		}
		b = rest
	}
	return nil
}
