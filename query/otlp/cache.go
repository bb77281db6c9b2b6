package otlp

import (
	"encoding/binary"
	"unsafe"

	"github.com/pfptrace/pfptrace/model"
)

const (
	nameSlots      = 1024     // span names that are shared; systems have tens to hundreds
	maxName        = 128      // bytes of a name worth sharing
	maxOrigins     = 4096     // resources and scopes that are shared at a time
	maxOriginBytes = 16 << 20 // of their messages
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
// ones. It keeps copies of the messages, of each resource one, whatever the
// number of its scopes.
type origins struct {
	resources map[string]*resource
	count     int // of origins
	size      int // of the messages that were copied
}

// resource is a Resource message with the origins of its scopes.
type resource struct {
	origin *model.Origin // without scope
	scopes map[string]*model.Origin
}

// resource returns the resource with this message.
func (o *origins) resource(msg []byte) *resource {
	if r, ok := o.resources[string(msg)]; ok {
		return r
	}
	o.makeRoom(len(msg))
	own := string(msg)
	r := &resource{
		origin: model.NewOrigin(unsafe.Slice(unsafe.StringData(own), len(own)), nil),
		scopes: make(map[string]*model.Origin),
	}
	o.resources[own] = r
	return r
}

// scope returns the origin of a scope of r.
func (o *origins) scope(r *resource, msg []byte) *model.Origin {
	if origin, ok := r.scopes[string(msg)]; ok {
		return origin
	}
	if o.makeRoom(len(msg)) {
		r.scopes = make(map[string]*model.Origin)
	}
	own := string(msg)
	origin := model.NewOrigin(nil, unsafe.Slice(unsafe.StringData(own), len(own)))
	origin.Service, origin.Domain, origin.Resource = r.origin.Service, r.origin.Domain, r.origin.Resource
	r.scopes[own] = origin
	return origin
}

// makeRoom counts one more message of this size, and forgets all others where
// that is too much.
func (o *origins) makeRoom(size int) (forgot bool) {
	forgot = o.resources == nil || o.count == maxOrigins || o.size+size > maxOriginBytes
	if forgot {
		*o = origins{resources: make(map[string]*resource)}
	}
	o.count++
	o.size += size
	return forgot
}
