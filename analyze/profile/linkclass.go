package profile

import (
	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// flagSampled is the bit of a link's or span's flags that says its target, or
// itself, was sampled.
const flagSampled = 1

// sdk is who writes link flags: whether bit 0 means anything depends on it.
type sdk struct{ language, version string }

// classifier tells why a dangling link dangles (method.md 4.2). A clear bit
// means "not sampled" only from an SDK that sets it elsewhere, so links with a
// clear bit are judged at the end.
type classifier struct {
	sdks    map[*model.Origin]sdk
	capable map[sdk]bool
	clear   map[sdk]int64 // dangling links without the bit
	lost    int64

	set     bool // the span at hand has a link with the bit
	pending int64
}

func newClassifier() classifier {
	return classifier{sdks: make(map[*model.Origin]sdk), capable: make(map[sdk]bool), clear: make(map[sdk]int64)}
}

// enter begins with the links of a span, leave ends with them.
func (c *classifier) enter() { c.set, c.pending = false, 0 }

func (c *classifier) seen(flags uint32) { c.set = c.set || flags&flagSampled != 0 }

func (c *classifier) dangling(flags uint32) {
	c.seen(flags)
	if flags&flagSampled != 0 {
		c.lost++
	} else {
		c.pending++
	}
}

func (c *classifier) leave(span *model.Span) {
	if !c.set && c.pending == 0 {
		return
	}
	by, ok := c.sdks[span.Origin]
	if !ok {
		language, _ := span.Origin.Resource.Get("telemetry.sdk.language")
		version, _ := span.Origin.Resource.Get("telemetry.sdk.version")
		by = sdk{language.Str(), version.Str()}
		c.sdks[span.Origin] = by
	}
	if c.set || span.Flags()&flagSampled != 0 {
		c.capable[by] = true
	}
	c.clear[by] += c.pending
}

// finish adds up the dangling links.
func (c *classifier) finish(counts *role.LinkCounts) {
	counts.ByClass[role.DanglingLost] += c.lost
	for by, n := range c.clear {
		if c.capable[by] {
			counts.ByClass[role.DanglingUnsampled] += n
		} else {
			counts.ByClass[role.DanglingUnknown] += n
		}
	}
}
