// Package role is the narrow door between profiles and the method.
//
// A profile turns raw spans, events and attributes into role intervals and
// memberships: a [World]. The method turns a World into stages and knows
// nothing of Triton, Kafka or span names. Everything the method may ask about
// a request or a batch stands here (method.md section 2.1).
//
// All times are unix nanoseconds on the clock of the interval's domain, and
// half open.
package role

import "github.com/pfptrace/pfptrace/model"

// Role says what part a span, or a part of one, plays in a batch system.
type Role uint8

// The roles, in the order of a request's way.
const (
	None Role = iota
	Request
	Gateway
	Queue
	Batch
	Form
	RPC
	Server
	Prep
	GPU
	Post
	Scatter
)

// Names lists the roles by their names in pfptrace.role; index is the Role.
var Names = [...]string{"", "request", "gateway", "queue", "batch", "form", "rpc", "server", "prep", "gpu", "post", "scatter"}

// String returns the role's name as in the attribute pfptrace.role.
func (r Role) String() string { return Names[r] }

// Parse returns the role with this name, or None.
func Parse(name string) Role {
	for i, n := range Names[1:] {
		if n == name {
			return Role(i + 1)
		}
	}
	return None
}

// Set is a set of roles.
type Set uint16

// With returns the set with r in it.
func (s Set) With(r Role) Set { return s | 1<<r }

// Has reports whether r is in the set.
func (s Set) Has(r Role) bool { return s>>r&1 == 1 }

// Status is how a span with a role ended (method.md 2.1).
type Status uint8

// UNSET and OK of OTLP are both OK here.
const (
	OK Status = iota
	Error
	Cancelled
)

// String returns ok, error or cancelled.
func (s Status) String() string { return [...]string{"ok", "error", "cancelled"}[s] }

// Interval is a stretch of time that carries a role.
type Interval struct {
	Role       Role
	Status     Status
	OpenEnd    bool // queue: this trace cannot say when the wait ended; it lasts to the close of the batch that takes it, and to End where none does
	Start, End int64
	Domain     string          // clock domain of Start and End
	Span       *model.Span     // what it was read from, never nil
	Device     string          // gpu: the device's name, "" unknown
	Members    []model.TraceID // gpu and scatter: whose work it is; empty means unknown
	Parts      []Part          // queue: where the wait is in pieces (TGI's queued, waiting, waiting), sorted and disjoint within [Start,End); nil means all of it
}

// Part is a stretch of time.
type Part struct{ Start, End int64 }

// RequestInfo is one request: [A,Z) and what its trace says about it.
type RequestInfo struct {
	Trace         model.TraceID
	Span          *model.Span // the span with the role request
	Service       string
	Profile       string // name of the profile that made it a request
	Status        Status
	Start, End    int64 // A, Z; End is after the span's own end where Async
	Domain        string
	Async         bool   // lasts until its batches' work is done: complete only after a grace
	Client        string // pfptrace.client.id, "" unsaid
	Weight        int64
	HasWeight     bool
	FirstResponse int64 // unix ns of the first-response event, 0 without
	Can           Set   // the roles that the profiles in force in its trace can produce
	Gateway       *Interval
	Queues        []*Interval   // sorted by (start, span id)
	Implicit      *BatchInfo    // work found in the request's own trace, outside any batch; nil without
	Members       []*Membership // one a batch that r is a member of (not Implicit, not joined ones); sorted by batch order
	Joined        []*BatchInfo  // batches that a join by key or time made out of implicit batches
}

// BatchInfo is one batch: a batch span with what is in it, or an implicit one
// (work in a request's own trace), or a joined one (several requests' implicit
// batches that a shared key or equal times put together; it serves lists and
// batch metrics, never the decomposition).
type BatchInfo struct {
	Trace        model.TraceID // implicit: of its request; joined: zero
	Span         *model.Span   // nil: implicit or joined
	Key          string        // joined: the shared key, unique among the batches of a World
	Implicit     bool
	Profile      string
	Status       Status
	Start, End   int64 // B0, B1
	Domain       string
	Form         *Interval
	RPC          *Interval
	Server       *Interval
	GPU          []*Interval // all of these sorted by (start, end, span id)
	Prep         []*Interval
	Post         []*Interval
	Scatter      []*Interval
	Can          Set
	Size         int64 // batch.size, 0 unsaid
	MaxSize      int64 // 0 unsaid
	Weight       int64 // batch.weight, 0 unsaid
	MaxWeight    int64
	MaxDelay     int64 // ns, 0 unsaid
	CloseReason  string
	FirstEnqueue int64
	LastEnqueue  int64
	Consumer     string
	Device       string
	Warmup       bool
	Links        int             // membership links on the batch span and its children
	DroppedLinks int64           // what they say they left out
	Dangling     []model.TraceID // targets of its membership links of whose trace nothing is loaded; sorted, each once
	Members      []*Membership   // sorted by member trace id, then request span id
	Outer        []*BatchInfo    // batches that link to a span of this batch's trace
	Inner        []*BatchInfo    // the reverse of Outer
}

// Membership says that a request is a member of a batch.
type Membership struct {
	Request *RequestInfo
	Batch   *BatchInfo
	Queues  []*Interval // of Request.Queues: those whose spans links or a batch.id name, in the order of Request.Queues; mostly one, none where no queue span is named
	Named   *model.Span // the earliest member span named by a link that is neither queue, request nor gateway span; nil without
}

// LinkClass is what became of a link (method.md 4.2).
type LinkClass uint8

// The classes of method.md 4.2.
const (
	Live              LinkClass = iota // the target span is here
	TraceOnly                          // the target's trace is here, the span is not
	DanglingUnknown                    // nothing of the trace is here, and the sender does not write sampled bits
	DanglingUnsampled                  // ... and the link says that the target was not sampled
	DanglingLost                       // ... and the link says that it was sampled
	Invalid                            // zero ids
	linkClasses
)

// LinkCounts counts membership links by class, and the links that senders say
// they dropped.
type LinkCounts struct {
	ByClass   [linkClasses]int64
	Truncated int64
}

// World is everything that the profiles found in a set of traces.
type World struct {
	Requests   []*RequestInfo // sorted by (start, trace id, span id)
	Batches    []*BatchInfo   // with a span, or joined; sorted by (start, trace id, span id, key)
	Spans      int
	Start, End int64 // earliest start and latest end of all spans, both 0 where there are none
	Incomplete int   // traces that hold a request's parts but no request: their root is not here
	Links      LinkCounts
	Profiles   []string // names of the profiles that matched anything, in the order of the list
	Warnings   []string
}
