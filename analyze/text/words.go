package text

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pfptrace/pfptrace/analyze"
)

// verdict says in words what holds the requests up, and with which numbers the
// rule decided.
func (p *page) verdict(v analyze.VerdictReport) {
	if v.Code == "" {
		return
	}
	p.blank()
	code := v.Code
	if v.Sub != "" {
		code += ", " + v.Sub
	}
	p.wrapped(part{"verdict  ", bold}, part{code, bold})
	p.wrapped(plain("  "), plain(verdictWords(v)))
	var numbers []phrase
	for _, name := range slices.Sorted(maps.Keys(v.Evidence)) {
		numbers = append(numbers, say(strings.ReplaceAll(name, "_", " ")+" "+evidenceNumber(name, v.Evidence[name])))
	}
	p.phrases(part{"  because  ", faint}, numbers...)
	if !v.Confirmed && v.Code != "insufficient-data" {
		p.wrapped(plain("  "), part{"a rule's word: not confirmed by replaying the traces with the remedy", faint})
	}
}

// evidenceNumber writes what a rule looked at: counts and ratios as they are,
// all else as a share.
func evidenceNumber(name string, value float64) string {
	switch name {
	case "batches", "dispersion", "expected_overlaps", "overlap_ratio":
		return strconv.FormatFloat(value, 'g', 3, 64)
	}
	return percent(value)
}

// verdictWords says what a verdict of method.md 2.8 means, and what would help.
func verdictWords(v analyze.VerdictReport) string {
	switch v.Code {
	case "insufficient-data":
		return "the shares below are exact; a verdict would be a guess"
	case "GPU-bound":
		switch v.Sub {
		case "overhead-dominated":
			return "the devices are busy, with batches half empty and much of each a constant cost: larger batches would help"
		case "near saturation":
			return "batches wait for a device that others keep busy: more devices, or cheaper work on them, would help"
		}
		return "the devices are busy nearly all the time: more of them, or cheaper work on them, would help"
	case "queue-bound":
		return "requests come in bursts and wait while the devices are full: capacity for the peak, or smoother arrivals, would help"
	case "batch-formation-bound":
		return "batches are held open for members that do not come: a shorter delay would help"
	case "consumer-bound":
		if v.Sub != "" {
			return "work waits while consumers hand over their batches: a shorter hand-over, or more batches in flight, would help"
		}
		return "work waits and no consumer collects it: more consumers, or more batches in flight, would help"
	case "network/transfer-bound":
		return "the time goes between the processes: fewer or nearer hops, or smaller messages, would help"
	case "host-bound":
		return "the servers' own work around the GPU takes the time: moving data and launching kernels faster would help"
	case "client-bound":
		return "the devices idle while clients wait for answers before they ask again: more clients would help, more capacity would not"
	case "underloaded":
		return "the devices idle for want of requests: nothing here needs more capacity"
	case "balanced":
		return "no single cause stands out"
	}
	return ""
}
