package analyze

import (
	"math/bits"
	"slices"
)

// Flags is a set of the flags of method.md 2.4.1, the closed list of what a
// reader should know before trusting a decomposition.
type Flags uint64

// The flags, in the order of method.md 2.4.1.
const (
	MissingGateway Flags = 1 << iota
	MissingQueue
	MissingBatch
	MissingRPC
	MissingServer
	MissingGPU
	NoBatch
	FlagCancelled
	ImplicitBatch
	CloseInferredRPC
	CloseInferredServer
	CloseInferredGPU
	CloseInferredBatch
	OpenInferredJoin
	FormationUnsplit
	LinksDropped
	Fanout
	Retried
	MultiStage
	SupersededWork
	ClippedEarly
	LateWork
	ClippedLate
	Contested
	SkewGatewayBeforeRequest
	LateGateway
	SkewGatewayAfterRequest
	SkewClosedBeforeEnqueue
	SkewServerBeforeClose
	SkewServerAfterRPC
)

// flagNames are the names in reports, and what they mean for the person who
// reads one; the index is the flag's bit.
var flagNames = [...]struct{ name, words string }{
	{"missing:gateway", "the request's trace has no gateway span: ingress, admission and egress cannot be told apart"},
	{"missing:queue", "no queue span: waiting for a batch cannot be seen"},
	{"missing:batch", "no batch names this request: its batch was not sampled, was lost, or does not link"},
	{"missing:rpc", "the batch has no client span of its call to the server: transfer out cannot be seen"},
	{"missing:server", "the batch has no server span: transfer and host time cannot be told apart"},
	{"missing:gpu", "the server span holds no GPU span: its inside is unattributed"},
	{"no_batch", "the request was answered, or ended, without a batch that is loaded"},
	{"cancelled", "the request was cancelled or failed before a batch took it"},
	{"implicit_batch", "the work was found in the request's own trace; who shared the batch is known only by a join, if at all"},
	{"close_inferred:rpc", "no span says when the batch closed; taken from the start of its call to the server"},
	{"close_inferred:server", "no span says when the batch closed; taken from the start of the server span"},
	{"close_inferred:gpu", "no span says when the batch closed; taken from the first GPU start"},
	{"close_inferred:batch", "no span says when the batch closed; taken from the start of the batch span"},
	{"open_inferred:join", "no span says when the consumer began to collect; the hand-over from the queue is taken for it"},
	{"formation_unsplit", "no span says when the consumer began to collect: all waiting counts as queue wait"},
	{"links_dropped", "the batch had more links than its SDK keeps: some members are not named"},
	{"fanout", "the request did work in batches that did not hold up its answer (shards, hedges, late copies)"},
	{"retried", "an earlier attempt failed; what it cost is in wasted"},
	{"multi_stage", "the request went through several batches, one after another"},
	{"superseded_work", "a failed attempt went on working after its successor had started"},
	{"clipped_early", "some evidence lies before the request could have caused it, and was cut off"},
	{"late_work", "work went on after the request had failed or was given up"},
	{"clipped_late", "some evidence lies after the answer, and was cut off"},
	{"contested", "in some ns two things seem to happen that cannot happen at once: a clock or a span is wrong"},
	{"skew_suspect:gateway_before_request", "the gateway span starts before the request: clocks differ"},
	{"late_gateway", "the gateway went on after the request had failed or was given up"},
	{"skew_suspect:gateway_after_request", "the gateway span ends after the request: clocks differ"},
	{"skew_suspect:closed_before_enqueue", "the batch closed before the request was queued: clocks differ"},
	{"skew_suspect:server_before_close", "the server started before the batch closed: clocks differ"},
	{"skew_suspect:server_after_rpc", "the server ended after its caller: clocks differ"},
}

// Has reports whether all of the given flags are set.
func (f Flags) Has(flag Flags) bool { return f&flag == flag }

// Names returns the names of the set flags, sorted.
func (f Flags) Names() []string {
	names := make([]string, 0, bits.OnesCount64(uint64(f)))
	for rest := uint64(f); rest != 0; rest &= rest - 1 {
		names = append(names, flagNames[bits.TrailingZeros64(rest)].name)
	}
	slices.Sort(names)
	return names
}

// FlagByName returns the flag with this name.
func FlagByName(name string) (Flags, bool) {
	for bit, flag := range flagNames {
		if flag.name == name {
			return 1 << bit, true
		}
	}
	return 0, false
}

// FlagWords says in a sentence what the flag with this name means.
func FlagWords(name string) string {
	for _, flag := range flagNames {
		if flag.name == name {
			return flag.words
		}
	}
	return ""
}
