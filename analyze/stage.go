package analyze

import (
	"encoding/json"
	"fmt"
	"math/big"
	"math/bits"
	"strings"
)

// Stage is where a nanosecond of a request went.
type Stage uint8

// The stages, in the order of method.md; reports keep it.
const (
	Ingress Stage = iota
	Admission
	QueueWait
	BatchFormation
	TransferIn
	GPUQueue
	HostWait
	Prep
	GPUCompute
	GPUPeer
	GPUGap
	Post
	TransferOut
	Scatter
	Reply
	Egress
	Backoff
	Unattributed
	NumStages
)

var stageNames = [NumStages]string{
	"ingress", "admission", "queue_wait", "batch_formation", "transfer_in", "gpu_queue", "host_wait", "prep", "gpu_compute",
	"gpu_peer", "gpu_gap", "post", "transfer_out", "scatter", "reply", "egress", "backoff", "unattributed",
}

// String returns the name as in the reports.
func (s Stage) String() string { return stageNames[s] }

// MarshalText writes the name.
func (s Stage) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the name.
func (s *Stage) UnmarshalText(text []byte) error {
	stage, ok := ParseStage(string(text))
	if !ok {
		return fmt.Errorf("unknown stage %q", text)
	}
	*s = stage
	return nil
}

// ParseStage returns the stage with this name.
func ParseStage(name string) (Stage, bool) {
	for i, n := range stageNames {
		if n == name {
			return Stage(i), true
		}
	}
	return 0, false
}

// Rollup is one of the six groups of stages of method.md 2.1.
type Rollup struct {
	Name   string
	Stages []Stage
}

// Rollups returns the six groups in their order; every stage is in one of them.
func Rollups() []Rollup {
	return []Rollup{
		{"queue", []Stage{QueueWait}},
		{"batch_formation", []Stage{BatchFormation}},
		{"gpu", []Stage{GPUCompute, GPUPeer}},
		{"server_host", []Stage{GPUQueue, HostWait, Prep, GPUGap, Post}},
		{"network", []Stage{Ingress, TransferIn, TransferOut, Scatter, Reply, Egress}},
		{"other", []Stage{Admission, Backoff, Unattributed}},
	}
}

// StageMap holds ns by stage.
type StageMap [NumStages]int64

// MarshalJSON writes the stages above 0, in their order.
func (m StageMap) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	separator := "{"
	for stage, ns := range m {
		if ns != 0 {
			fmt.Fprintf(&b, "%s%q:%d", separator, stageNames[stage], ns)
			separator = ","
		}
	}
	if b.Len() == 0 {
		return []byte("{}"), nil
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (m *StageMap) UnmarshalJSON(data []byte) error {
	var byName map[string]int64
	if err := json.Unmarshal(data, &byName); err != nil {
		return err
	}
	*m = StageMap{}
	for name, ns := range byName {
		stage, ok := ParseStage(name)
		if !ok {
			return fmt.Errorf("unknown stage %q", name)
		}
		m[stage] = ns
	}
	return nil
}

// Sum adds up non-negative int64 values without overflow: a span that lacks its
// start lasts 55 years, and six of those are more than an int64 holds.
type Sum struct{ hi, lo uint64 }

// Add adds ns, which must not be negative.
func (s *Sum) Add(ns int64) {
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, uint64(ns), 0)
	s.hi += carry
}

// Sub takes ns, which was added before, out again.
func (s *Sum) Sub(ns int64) {
	var borrow uint64
	s.lo, borrow = bits.Sub64(s.lo, uint64(ns), 0)
	s.hi -= borrow
}

// Mean returns the floor of the sum over n, 0 for n = 0. Of n int64 values it
// always fits.
func (s Sum) Mean(n int) int64 {
	if n == 0 {
		return 0
	}
	quotient, _ := bits.Div64(s.hi, s.lo, uint64(n))
	return int64(quotient)
}

// Float returns the sum as a float64.
func (s Sum) Float() float64 { return float64(s.hi)*(1<<64) + float64(s.lo) }

// String returns the decimal digits.
func (s Sum) String() string {
	n := new(big.Int).SetUint64(s.hi)
	return n.Add(n.Lsh(n, 64), new(big.Int).SetUint64(s.lo)).String()
}

// MarshalJSON writes a JSON integer, of any length.
func (s Sum) MarshalJSON() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalJSON reads what MarshalJSON writes.
func (s *Sum) UnmarshalJSON(data []byte) error {
	n, ok := new(big.Int).SetString(string(data), 10)
	if !ok || n.Sign() < 0 || n.BitLen() > 128 {
		return fmt.Errorf("%s is no sum", data)
	}
	s.lo = new(big.Int).And(n, new(big.Int).SetUint64(1<<64-1)).Uint64()
	s.hi = n.Rsh(n, 64).Uint64()
	return nil
}
