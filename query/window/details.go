package window

import (
	"fmt"

	"github.com/klauspost/compress/s2"
)

// blockSize is how many bytes of details are compressed together: a span costs
// the unpacking of one block. Measured on spans of 350 bytes: blocks of 32 KiB
// are 7 % larger, of 256 KiB 4 % smaller.
//
// Rejected: zstd, 40 % smaller at three times the time to pack; larger blocks,
// because the members of a batch lie in as many blocks as the batch has
// members when traffic is heavy.
const blockSize = 64 << 10

// slabSize is how much memory for packed blocks is taken at a time.
const slabSize = 256 << 10

// block is where a packed block lies.
type block struct{ slab, offset, length uint32 }

// buffer is a block that is being filled. Snapshots read what it held when they
// were taken, so it is used again only when none of them is left.
type buffer struct {
	data  []byte
	users int // snapshots, and the window while it fills it
}

// details are the messages of a segment's spans, less what records hold. A copy
// views the blocks that it had when copied, and reads no others.
type details struct {
	blocks []block
	slabs  [][]byte // used from front to back; no element changes once it is there
	used   int      // bytes of the last slab
	open   []byte   // the block after the last, as far as it was filled
}

// packer fills blocks. Its scratch memory serves all segments in turn.
type packer struct {
	open    *buffer
	free    []*buffer
	scratch []byte
	slabs   pool[byte]
}

func newPacker() packer {
	return packer{
		open:    newBuffer(),
		scratch: make([]byte, s2.MaxEncodedLen(blockSize)),
		slabs:   pool[byte]{items: slabSize},
	}
}

func newBuffer() *buffer { return &buffer{data: make([]byte, 0, blockSize), users: 1} }

// put keeps what is in the three parts, and returns where, and how many bytes
// of memory it took.
func (p *packer) put(d *details, parts [3][]byte) (number uint32, offset uint16, length, grown int) {
	length = len(parts[0]) + len(parts[1]) + len(parts[2])
	if len(p.open.data)+length > blockSize {
		grown = p.seal(d)
	}
	number = uint32(len(d.blocks))
	if length > blockSize {
		large := make([]byte, 0, length)
		for _, part := range parts {
			large = append(large, part...)
		}
		return number, 0, length, grown + p.store(d, s2.Encode(nil, large))
	}
	// An offset of 65536 belongs to a message of 0 bytes behind a full block.
	offset = uint16(min(len(p.open.data), blockSize-1))
	for _, part := range parts {
		p.open.data = append(p.open.data, part...)
	}
	d.open = p.open.data
	return number, offset, length, grown
}

// seal packs the open block and opens the next.
func (p *packer) seal(d *details) (grown int) {
	if len(p.open.data) == 0 {
		return 0
	}
	grown = p.store(d, s2.Encode(p.scratch, p.open.data))
	d.open = nil
	p.drop(p.open)
	if last := len(p.free) - 1; last >= 0 {
		p.open, p.free = p.free[last], p.free[:last]
		p.open.data, p.open.users = p.open.data[:0], 1
	} else {
		p.open = newBuffer()
	}
	return grown
}

// drop says that one user of the buffer is done.
func (p *packer) drop(b *buffer) {
	b.users--
	if b.users == 0 {
		if p.slabs.poison != nil {
			p.slabs.poison(b.data[:cap(b.data)])
		}
		p.free = append(p.free, b)
	}
}

func (p *packer) store(d *details, packed []byte) (grown int) {
	last := len(d.slabs) - 1
	if last < 0 || len(d.slabs[last])-d.used < len(packed) {
		var slab []byte
		if len(packed) <= slabSize {
			slab = p.slabs.take()
		} else {
			slab = make([]byte, len(packed))
		}
		d.slabs = append(d.slabs, slab)
		d.used, grown = 0, sizeOf(slab)
		last++
	}
	copy(d.slabs[last][d.used:], packed)
	d.blocks = append(d.blocks, block{uint32(last), uint32(d.used), uint32(len(packed))})
	d.used += len(packed)
	return grown
}

func (p *packer) recycle(d *details) {
	for _, slab := range d.slabs {
		if len(slab) == slabSize {
			p.slabs.give(slab)
		}
	}
	d.slabs = nil
}

// unpack returns the contents of a packed block, in dst where that is large
// enough.
func (d *details) unpack(dst []byte, number uint32) []byte {
	b := d.blocks[number]
	data, err := s2.Decode(dst[:cap(dst)], d.slabs[b.slab][b.offset:b.offset+b.length])
	if err != nil {
		panic(fmt.Sprintf("window: block %d that this process packed does not unpack: %v", number, err))
	}
	return data
}
