package window

import (
	"math/rand/v2"
	"testing"
)

// The filter names every segment that has an entry, and a bit is free of its
// last owner when the next one gets it.
func TestFilter(t *testing.T) {
	const most = maxSegments
	random := rand.New(rand.NewPCG(1, 1))
	f := newFilter(100_000)
	var hashes [][]uint32 // of each segment
	for number := range uint32(5 * filterBits) {
		oldest := max(0, int(number)-most+1)
		live := uint64(0)
		for n := oldest; n < int(number); n++ {
			live |= bitOfSegment(uint32(n))
		}
		f.sweep(live)
		for i, word := range f.words {
			if word&bitOfSegment(number) != 0 {
				t.Fatalf("segment %d: word %d has its bit before it began", number, i)
			}
		}
		hashes = append(hashes, nil)
		for range 200 {
			hash := random.Uint32()
			f.add(hash, number)
			hashes[number] = append(hashes[number], hash)
		}
		for n := oldest; n <= int(number); n++ {
			for _, hash := range hashes[n] {
				if f.segments(hash)&bitOfSegment(uint32(n)) == 0 {
					t.Fatalf("segment %d: the filter forgot an entry of segment %d", number, n)
				}
			}
		}
	}
}
