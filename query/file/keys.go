package file

import "bytes"

// member is a key and its value in an object, both as they stand in the text.
type member struct {
	key   string
	value []byte // starts at the value; its end is not known
}

const (
	maxMembers = 32 // keys of an object that are looked at to say what it is
	maxKey     = 64 // bytes of a key that is worth looking at
)

// members returns the keys at the top of the object text, as far as it can be
// followed. Escapes in keys stay: no key that matters has any.
func members(text []byte) (found []member) {
	rest := bytes.TrimLeft(text, " \t\r\n")
	if len(rest) == 0 || rest[0] != '{' {
		return nil
	}
	for len(found) < maxMembers {
		rest = bytes.TrimLeft(rest[1:], " \t\r\n")
		end := stringEnd(rest)
		if end < 0 {
			return found
		}
		key := rest[1 : end-1]
		rest = bytes.TrimLeft(rest[end:], " \t\r\n")
		if len(rest) == 0 || rest[0] != ':' {
			return found
		}
		rest = bytes.TrimLeft(rest[1:], " \t\r\n")
		if len(key) <= maxKey {
			found = append(found, member{string(key), rest})
		}
		rest = afterValue(rest)
		if len(rest) == 0 || rest[0] != ',' {
			return found
		}
	}
	return found
}

// stringEnd returns the length of the string at the start of b, or -1.
func stringEnd(b []byte) int {
	if len(b) == 0 || b[0] != '"' {
		return -1
	}
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// afterValue returns what follows the value at the start of b: nothing where
// the value has no end.
func afterValue(b []byte) []byte {
	n := -1
	switch {
	case len(b) == 0:
		return nil
	case b[0] == '"':
		n = stringEnd(b)
	case b[0] == '{', b[0] == '[':
		n = closing(b)
	default:
		n = bytes.IndexAny(b, ",}]")
	}
	if n < 0 {
		return nil
	}
	return bytes.TrimLeft(b[n:], " \t\r\n")
}
