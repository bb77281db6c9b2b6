package otlp

import (
	"encoding/binary"
	"unsafe"

	"github.com/pfptrace/pfptrace/model"
)

const (
	nameSlots   = 1024     // span names that are shared; systems have tens to hundreds
	maxName     = 128      // bytes of a name worth sharing
	maxOrigins  = 4096     // origins that are shared at a time
	maxOriginIn = 16 << 20 // bytes of their messages
)

// names shares the strings of span names, so that whoever compares names later
// reads a few hot lines and not every span's message. First come, first kept:
// a name that finds its slot taken by another stays a view of its message,
// which costs nothing either, and the table never allocates more than its
// slots.
//
// Rejected: a map (30 ns a span more), eviction (a stranger's stream of new
// names would allocate for each).
type names struct {
	slots [nameSlots]string
}

// intern returns name as a string. The result aliases name where no slot is
// free for it: name must stay as it is.
func (t *names) intern(name []byte) string {
	if len(name) < 8 || len(name) > maxName {
		return t.shortOrLong(name)
	}
	first, last := binary.LittleEndian.Uint64(name), binary.LittleEndian.Uint64(name[len(name)-8:])
	slot := &t.slots[slotOf(first^last<<1^uint64(len(name)))]
	if *slot == string(name) {
		return *slot
	}
	return t.claim(slot, name)
}

func (t *names) shortOrLong(name []byte) string {
	if len(name) == 0 || len(name) > maxName {
		return view(name)
	}
	hash := uint64(len(name))
	for _, c := range name {
		hash = hash<<8 | uint64(c)
	}
	slot := &t.slots[slotOf(hash)]
	if *slot == string(name) {
		return *slot
	}
	return t.claim(slot, name)
}

func (t *names) claim(slot *string, name []byte) string {
	if *slot != "" {
		return view(name)
	}
	*slot = string(name)
	return *slot
}

func slotOf(hash uint64) uint64 { return hash * 0x9e3779b97f4a7c15 >> 54 % nameSlots }

// view is a string over bytes that never change.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// origins shares one Origin among all spans with equal resource and scope
// messages. When it is full it starts again: spans that come later share new
// ones.
type origins struct {
	byMessages map[string]*model.Origin
	size       int
	key        []byte
}

// get returns the origin of a Resource and an InstrumentationScope message. It
// keeps copies, never the messages.
func (o *origins) get(resource, scope []byte) *model.Origin {
	o.key = binary.AppendUvarint(o.key[:0], uint64(len(resource)))
	at := len(o.key)
	o.key = append(append(o.key, resource...), scope...)
	if origin, ok := o.byMessages[string(o.key)]; ok {
		return origin
	}
	if o.byMessages == nil || len(o.byMessages) == maxOrigins || o.size+len(o.key) > maxOriginIn {
		o.byMessages, o.size = make(map[string]*model.Origin), 0
	}
	own := append([]byte(nil), o.key...)
	end := at + len(resource)
	origin := model.NewOrigin(own[at:end:end], own[end:])
	o.byMessages[view(own)] = origin
	o.size += len(own)
	return origin
}
