package analyze

import "github.com/pfptrace/pfptrace/model"

// The reports are what every printer prints: text, JSON and, later, the
// terminal. Order, rounding and warnings are decided here, once. The JSON forms
// are those of the published contract (schemas in testdata/schema).

// SchemaInspect and SchemaTop name the JSON forms.
const (
	SchemaInspect = "pfptrace.inspect/1"
	SchemaTop     = "pfptrace.top/1"
)

// InspectReport answers where the time of one request went, or who was in one
// batch.
type InspectReport struct {
	Schema   string         `json:"schema"`
	Request  *RequestReport `json:"request,omitempty"`
	Batches  []BatchReport  `json:"batches,omitempty"`
	Skew     []SkewReport   `json:"skew,omitempty"`
	Profiles []string       `json:"profiles"`
	Warnings []string       `json:"warnings,omitempty"`
}

// RequestReport is one decomposed request. All times are ns; segment times are
// relative to the request's start.
type RequestReport struct {
	TraceID       string          `json:"trace_id"`
	SpanID        string          `json:"span_id"`
	Service       string          `json:"service,omitempty"`
	Name          string          `json:"name,omitempty"`
	Profile       string          `json:"-"`
	Status        string          `json:"status"`
	StartUnixNano int64           `json:"start_unix_nano,string"`
	E2E           int64           `json:"e2e_ns"`
	Stages        StageMap        `json:"stages"`
	Flags         []string        `json:"flags,omitempty"`
	Attempts      int             `json:"attempts,omitempty"` // from 2 on
	Early         int64           `json:"early_ns,omitempty"`
	Late          int64           `json:"late_ns,omitempty"`
	Contested     int64           `json:"contested_ns,omitempty"`
	Wasted        int64           `json:"wasted_ns,omitempty"`
	Superseded    int64           `json:"superseded_ns,omitempty"`
	OffPath       []string        `json:"off_path,omitempty"`
	Segments      []SegmentReport `json:"segments"`
	TTFB          *TTFBReport     `json:"ttfb,omitempty"`
}

// SegmentReport is one piece of the partition of [0, e2e).
type SegmentReport struct {
	Start   int64  `json:"start_ns"`
	End     int64  `json:"end_ns"`
	Stage   Stage  `json:"stage"`
	Attempt int    `json:"attempt"`
	Level   int    `json:"level"`
	SpanID  string `json:"span_id,omitempty"`
	TraceID string `json:"trace_id,omitempty"`

	Span *model.Span `json:"-"` // the span that SpanID names, for the text view; nil where there is none
}

// TTFBReport is the partition cut at the first response.
type TTFBReport struct {
	E2E    int64    `json:"e2e_ns"`
	Stages StageMap `json:"stages"`
}

// BatchReport is one batch with its members (method.md 2.7).
type BatchReport struct {
	TraceID      string           `json:"trace_id,omitempty"`
	SpanID       string           `json:"span_id,omitempty"`
	Key          string           `json:"key,omitempty"` // instead of ids where the batch has no span of its own
	Linked       int              `json:"linked"`
	Resolved     int              `json:"resolved"`
	Size         int64            `json:"size"`
	Fill         []int64          `json:"fill,omitempty"` // [n, max]
	CloseReason  string           `json:"close_reason,omitempty"`
	FirstArrival string           `json:"first_arrival,omitempty"`
	LastArrival  string           `json:"last_arrival,omitempty"`
	Formation    int64            `json:"formation_ns,omitempty"`
	HeldMember   int64            `json:"held_member_ns,omitempty"`
	BlameMember  map[string]int64 `json:"blame_member_ns,omitempty"` // by trace id, and "policy"
	GPUUnion     int64            `json:"gpu_union_ns,omitempty"`
	GPUSum       int64            `json:"gpu_sum_ns,omitempty"`
	AmortisedGPU map[string]int64 `json:"amortised_gpu_ns,omitempty"`
	OccupancyGPU int64            `json:"occupancy_gpu_ns,omitempty"`
	Dangling     []string         `json:"dangling"`
	Members      []string         `json:"members"`

	Span           *model.Span     `json:"-"` // for the text view: the batch span, nil where there is none
	MemberArrivals []MemberArrival `json:"-"` // for the text view: in order of arrival
}

// MemberArrival is when a member joined a batch and what it waited. Times are
// unix ns.
type MemberArrival struct {
	TraceID string
	Arrived int64 // Q0
	Joined  int64 // a*: max(Q0, open)
	Held    int64 // close - a*
	Blame   int64 // what the others waited for this one
	Weight  int64
}

// SkewReport bounds what must be added to To's clock to express it on From's
// (method.md 2.5). A nil bound is no bound.
type SkewReport struct {
	From          string `json:"from"`
	To            string `json:"to"`
	Lo            *int64 `json:"lo_ns,omitempty"`
	Hi            *int64 `json:"hi_ns,omitempty"`
	Verdict       string `json:"verdict"` // consistent_with_zero, proved or inconsistent
	MinCorrection int64  `json:"min_correction_ns"`
}

// TopReport says where the time of many requests went.
type TopReport struct {
	Schema       string         `json:"schema"`
	Window       WindowReport   `json:"window"`
	Spans        int            `json:"spans"`
	Requests     int            `json:"requests"`
	Batches      int            `json:"batches"`
	Incomplete   int            `json:"incomplete"`
	DroppedSpans int            `json:"dropped_spans"`
	E2E          DistReport     `json:"e2e"`
	Stages       []StageReport  `json:"stages"`
	Rollup       []StageReport  `json:"rollup"`
	Batch        BatchSummary   `json:"batch"`
	Devices      []DeviceReport `json:"devices,omitempty"`
	Links        LinksReport    `json:"links"`
	Groups       []GroupReport  `json:"groups,omitempty"`  // with --group-by
	Slowest      []SlowRequest  `json:"slowest,omitempty"` // with --slowest N
	Verdict      VerdictReport  `json:"verdict"`
	Profiles     []string       `json:"profiles"`
	Warnings     []string       `json:"warnings,omitempty"`
}

// WindowReport is the time that a report is about: from the earliest start to
// the latest end of what is loaded, or what was asked for.
type WindowReport struct {
	Start int64 `json:"start_unix_nano,string"`
	End   int64 `json:"end_unix_nano,string"`
}

// DistReport is a distribution. Total and mean (floor) are exact; quantiles are
// nearest-rank, and exact up to 100,000 values. A total above 2^63-1 stands in
// JSON as a longer integer.
type DistReport struct {
	Count int   `json:"count"`
	Total Sum   `json:"total_ns"`
	Mean  int64 `json:"mean_ns"`
	P50   int64 `json:"p50_ns"`
	P90   int64 `json:"p90_ns"`
	P95   int64 `json:"p95_ns"`
	P99   int64 `json:"p99_ns"`
	Max   int64 `json:"max_ns"`
}

// StageReport is one stage, or one group of stages, over all requests; a
// request without the stage counts as 0 in the quantiles.
type StageReport struct {
	Stage    string  `json:"stage"`
	Total    Sum     `json:"total_ns"`
	Share    float64 `json:"share"`    // of the total of e2e, 0 to 1
	Requests int     `json:"requests"` // that have it
	Mean     int64   `json:"mean_ns"`  // over all requests, floor
	P50      int64   `json:"p50_ns"`
	P90      int64   `json:"p90_ns"`
	P95      int64   `json:"p95_ns"`
	P99      int64   `json:"p99_ns"`
	Max      int64   `json:"max_ns"`
}

// BatchSummary is about all batches.
type BatchSummary struct {
	Count        int            `json:"count"`
	Size         *SizeReport    `json:"size,omitempty"`
	FillRatio    *float64       `json:"fill_ratio,omitempty"` // sum of n over sum of max, of batches that say their max
	Formation    *DistReport    `json:"formation_ns,omitempty"`
	GPU          *DistReport    `json:"gpu_ns,omitempty"`
	CloseReasons map[string]int `json:"close_reasons,omitempty"`
}

// SizeReport is a distribution of counts.
type SizeReport struct {
	Mean float64 `json:"mean"`
	P50  int64   `json:"p50"`
	P90  int64   `json:"p90"`
	P95  int64   `json:"p95"`
	P99  int64   `json:"p99"`
	Max  int64   `json:"max"`
}

// DeviceReport gives every ns of a device in the window to one of six classes;
// they sum to the window exactly.
type DeviceReport struct {
	Device   string `json:"device"`
	Host     string `json:"host"`
	Window   int64  `json:"window_ns"`
	Busy     int64  `json:"busy_ns"`
	HostWait int64  `json:"host_ns"`
	Transfer int64  `json:"transfer_ns"`
	Forming  int64  `json:"forming_ns"`
	Consumer int64  `json:"consumer_ns"`
	Starved  int64  `json:"starved_ns"`
}

// LinksReport counts membership links by what became of them (method.md 4.2).
type LinksReport struct {
	Total             int64 `json:"total"`
	Live              int64 `json:"live"`
	TraceOnly         int64 `json:"trace_only"`
	DanglingUnsampled int64 `json:"dangling_unsampled"`
	DanglingLost      int64 `json:"dangling_lost"`
	DanglingUnknown   int64 `json:"dangling_unknown"`
	Truncated         int64 `json:"truncated"`
	Invalid           int64 `json:"invalid"`
}

// GroupReport is the breakdown of one group of requests.
type GroupReport struct {
	Group  string        `json:"group"`
	E2E    DistReport    `json:"e2e"`
	Stages []StageReport `json:"stages"`
}

// SlowRequest is a line in a list of requests.
type SlowRequest struct {
	TraceID string   `json:"trace_id"`
	SpanID  string   `json:"span_id"`
	Service string   `json:"service,omitempty"`
	Name    string   `json:"name,omitempty"`
	Status  string   `json:"status"`
	Start   int64    `json:"start_unix_nano,string"`
	E2E     int64    `json:"e2e_ns"`
	Stages  StageMap `json:"stages"`
	Flags   []string `json:"flags,omitempty"`
}

// VerdictReport is the rule that matched first (method.md 2.8) with the numbers
// it used. It is not confirmed until a replay of the interventions exists.
type VerdictReport struct {
	Code      string             `json:"code"`
	Sub       string             `json:"sub,omitempty"`
	Confirmed bool               `json:"confirmed"`
	Evidence  map[string]float64 `json:"evidence,omitempty"`
}
