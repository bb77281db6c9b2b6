package window

import "math/bits"

// filter says which segments may have an entry for a trace, with one look at
// one line of memory: bit n of a word stands for the segments whose number is n
// modulo 64. It may name too many, and never leaves one out.
//
// Rejected: a look into the table of each segment, 16 lines of memory. It made
// a span cost a quarter more in a window of 10 million than in one of 1 million.
type filter struct {
	words []uint64
	lines uint32 // of wordsPerLine words, less one
	swept int    // words, up to where the next sweep begins
}

const (
	wordsPerLine  = 8
	spansPerWord  = 16
	leastWordBits = 10

	// filterBits is twice maxSegments: from when a segment is evicted until
	// another one has its bit, maxSegments others begin. In so many sweeps the
	// bit is cleared everywhere.
	filterBits = 2 * maxSegments
)

func newFilter(spans int) filter {
	n := 1 << max(leastWordBits, bits.Len(uint((spans-1)/spansPerWord)))
	return filter{words: make([]uint64, n), lines: uint32(n/wordsPerLine - 1)}
}

func (f *filter) bytes() int { return 8 * len(f.words) }

// places returns the two words of a hash, in one line. The table of a segment
// goes by the high bits of the hash, this by the low ones.
func (f *filter) places(hash uint32) (a, b *uint64) {
	at := hash & f.lines * wordsPerLine
	line := f.words[at : at+wordsPerLine]
	return &line[hash>>26&7], &line[hash>>29]
}

func (f *filter) add(hash, segment uint32) {
	a, b := f.places(hash)
	*a |= bitOfSegment(segment)
	*b |= bitOfSegment(segment)
}

// segments returns the set of segments that may have an entry.
func (f *filter) segments(hash uint32) uint64 {
	a, b := f.places(hash)
	return *a & *b
}

// sweep clears what is left of segments that are not in the window, in one of
// maxSegments parts of the filter: all of it at once would take milliseconds.
func (f *filter) sweep(keep uint64) {
	end := f.swept + len(f.words)/maxSegments
	for i := f.swept; i < end; i++ {
		f.words[i] &= keep
	}
	f.swept = end % len(f.words)
}

// bitOfSegment returns the bit of a segment.
func bitOfSegment(number uint32) uint64 { return 1 << (number % filterBits) }
