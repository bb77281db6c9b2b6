package otlp

// arenaChunk is how much memory for details is allocated at a time.
const arenaChunk = 256 << 10

// arena keeps the messages of transcoded spans. Chunks are never reused: spans
// refer to them for as long as they live.
type arena struct {
	chunk []byte
}

// keep returns a copy of b.
func (a *arena) keep(b []byte) []byte {
	if len(b) > arenaChunk/8 {
		return append([]byte(nil), b...)
	}
	if len(b) > cap(a.chunk)-len(a.chunk) {
		a.chunk = make([]byte, 0, arenaChunk)
	}
	start := len(a.chunk)
	a.chunk = append(a.chunk, b...)
	return a.chunk[start:len(a.chunk):len(a.chunk)]
}
