package file

import (
	"encoding/json"
	"math"
	"strings"
)

// tritonRecord is one object of Triton's own trace file. A request is spread
// over many that share an id: one with the model, one for each timestamp, and
// one for each tensor, which is not read. Files of 2019 to 2021 have one for
// all of it.
type tritonRecord struct {
	ID           number
	ParentID     number `json:"parent_id"`
	ModelName    string `json:"model_name"`
	ModelVersion number `json:"model_version"`
	RequestID    string `json:"request_id"`
	Timestamps   []struct {
		Name string
		NS   number
	}
	Activity string
}

// triton collects the records of a file until its end: they come in any order.
type triton struct {
	requests map[tritonKey]*tritonRequest
	order    []*tritonRequest // by first record
	tensors  int
}

// tritonKey names a request in a file. The same id in another list is another
// request: two runs of a server both count from 1.
type tritonKey struct {
	array int
	id    int64
}

// tritonRequest is what one id has.
type tritonRequest struct {
	key     tritonKey
	parent  int64 // id of the request that made this one (ensembles, BLS), 0: none
	model   string
	version int64
	request string // the client's request id
	stamps  []stamp
}

// stamp is a moment that Triton took, by its steady clock.
type stamp struct {
	name string
	ns   int64
}

// tritonObject takes in one record.
func (r *reading) tritonObject(text []byte, p piece) (reason string) {
	var record tritonRecord
	if err := json.Unmarshal(text, &record); err != nil {
		if topOf(text).has("activity") { // Triton writes bytes of tensors as they are
			r.triton.tensors++
			return ""
		}
		return err.Error()
	}
	if !record.ID.ok {
		return "a Triton record without a number as its id"
	}
	if record.Activity != "" {
		r.triton.tensors++
		return ""
	}
	q := r.triton.request(tritonKey{p.array, record.ID.value})
	if record.ModelName != "" {
		q.model, q.version, q.request = record.ModelName, record.ModelVersion.value, record.RequestID
		q.parent = record.ParentID.value
	}
	for _, t := range record.Timestamps {
		if !t.NS.ok || t.NS.value < 0 {
			return "a timestamp that is not within 0 and 2^63-1 ns"
		}
		q.stamps = append(q.stamps, stamp{currentName(t.Name), t.NS.value})
	}
	const recordMemory = 100 // bytes, about
	r.memory += recordMemory
	r.file.Messages++
	return ""
}

func (t *triton) request(key tritonKey) *tritonRequest {
	if q, ok := t.requests[key]; ok {
		return q
	}
	if t.requests == nil {
		t.requests = make(map[tritonKey]*tritonRequest)
	}
	q := &tritonRequest{key: key}
	t.requests[key] = q
	t.order = append(t.order, q)
	return q
}

// currentName returns what Triton calls a moment since 2021; names of before
// are in lower case with spaces.
func currentName(name string) string {
	switch name {
	case "request handler start":
		return "REQUEST_START"
	case "request handler end":
		return "REQUEST_END"
	case "http recv start", "http recv end", "http send start", "http send end",
		"grpc wait/read start", "grpc wait/read end", "grpc send start", "grpc send end",
		"queue start", "compute start", "compute input end", "compute output start", "compute end":
		return strings.ToUpper(strings.NewReplacer(" ", "_", "/", "").Replace(name))
	}
	return name
}

// at returns when the moment with this name was, the last one if there are
// several.
func (q *tritonRequest) at(name string) (ns int64, ok bool) {
	for _, s := range q.stamps {
		if s.name == name {
			ns, ok = s.ns, true
		}
	}
	return ns, ok
}

// extent returns the first and the last moment that pass.
func (q *tritonRequest) extent(passes func(name string) bool) (first, last int64, ok bool) {
	first, last = math.MaxInt64, 0
	for _, s := range q.stamps {
		if passes(s.name) {
			first, last, ok = min(first, s.ns), max(last, s.ns), true
		}
	}
	return first, last, ok
}
