package window

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"sync/atomic"

	"github.com/pfptrace/pfptrace/model"
)

// entry is what a segment knows about a trace. Records and links chain from
// the newest to the oldest, by number plus one; 0 ends a chain.
type entry struct {
	trace   model.TraceID
	spans   uint32 // the newest record; 0: a stub, of which only links speak. Atomic
	links   uint32 // the newest link to this trace. Atomic
	seen    uint64 // bits of the ids of its spans; only the writer reads it
	older   place  // its spans in an older segment, when the entry was made; only the writer reads it
	pending bool   // nothing of it is or was in the window; only the writer reads it
}

// bitOf returns a bit of a span id. An entry that has not seen it has no copy of
// the span, which spares a look at each of its records.
func bitOf(id model.SpanID) uint64 { return 1 << (id[7] & 63) }

// place is an entry in another segment, which may be evicted since.
type place struct {
	segment uint32 // its number plus one; 0: none
	entry   uint32
}

// hasher spreads trace ids, which strangers choose, with a secret.
type hasher struct{ a, b uint64 }

func newHasher() hasher { return hasher{rand.Uint64(), rand.Uint64()} }

func (h hasher) of(id model.TraceID) uint32 {
	high, low := bits.Mul64(binary.LittleEndian.Uint64(id[:8])^h.a, binary.LittleEndian.Uint64(id[8:])^h.b)
	return uint32((high ^ low) >> 32)
}

// table finds the entries of a segment by the hash of their trace ids. It is
// made of parts that grow one by one: growing all of a large one would take ten
// milliseconds of a single insert.
type table struct {
	parts [tableParts]part
}

// part is a hash table of open addressing with slots of hash<<32 | entry+1.
// Only the writer changes it, one slot at a time, so that readers may look at
// any time.
type part struct {
	slots []uint64
	shift uint8 // a hash's home is hash << partBits >> shift
	used  int
}

const (
	partBits     = 4
	tableParts   = 1 << partBits
	minTableBits = 10
)

// newTable makes a table of 1<<bits slots.
func newTable(bits int) (t table) {
	for i := range t.parts {
		t.parts[i] = newPart(bits - partBits)
	}
	return t
}

func newPart(bits int) part { return part{slots: make([]uint64, 1<<bits), shift: uint8(32 - bits)} }

func (t *table) part(hash uint32) *part { return &t.parts[hash>>(32-partBits)] }

func (t *table) bytes() (sum int) {
	for i := range t.parts {
		sum += 8 * len(t.parts[i].slots)
	}
	return sum
}

// used returns how many entries the table knows.
func (t *table) used() (sum int) {
	for i := range t.parts {
		sum += t.parts[i].used
	}
	return sum
}

// find returns the number of the trace's entry among those that the list has.
func (t *table) find(hash uint32, id model.TraceID, entries *list[entry]) (number uint32, ok bool) {
	p := t.part(hash)
	mask := uint32(len(p.slots) - 1)
	for i := hash << partBits >> p.shift; ; i = (i + 1) & mask {
		slot := atomic.LoadUint64(&p.slots[i])
		if slot == 0 {
			return 0, false
		}
		if uint32(slot>>32) == hash {
			if number = uint32(slot) - 1; number < entries.n && entries.at(number).trace == id {
				return number, true
			}
		}
	}
}

// add enters an entry that is not there yet. It returns by how many bytes the
// table has grown.
func (t *table) add(hash, number uint32) (grown int) {
	p := t.part(hash)
	if p.used >= len(p.slots)/4*3 {
		grown = 8 * len(p.slots)
		*p = p.doubled()
	}
	p.put(uint64(hash)<<32 | uint64(number+1))
	p.used++
	return grown
}

func (p *part) put(slot uint64) {
	mask := uint32(len(p.slots) - 1)
	i := uint32(slot>>32) << partBits >> p.shift
	for p.slots[i] != 0 {
		i = (i + 1) & mask
	}
	atomic.StoreUint64(&p.slots[i], slot)
}

// doubled returns a part of twice the size; the old one stays as it is for the
// snapshots that have it. Homes double too, so the pass over the old one writes
// the new one from front to back.
func (p *part) doubled() part {
	out := newPart(33 - int(p.shift))
	for _, slot := range p.slots {
		if slot != 0 {
			out.put(slot)
		}
	}
	out.used = p.used
	return out
}
