package analyze

import (
	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/model"
)

// Row is a decomposed request as filters, groups and lists read it: what was
// measured, beside what its trace says. Nothing here walks spans, but an
// attribute in a filter, which reads the request's own span.
type Row struct {
	Request   *role.RequestInfo
	E2E       int64 // ns
	Stages    StageMap
	Flags     Flags
	Attempts  int   // on the path; 1 where nothing was tried twice
	BatchSize int64 // of the batch that answered, 0 without one
}

// attr returns an attribute of the request's span, else of its resource.
func (r *Row) attr(key string) (model.Value, bool) {
	if v, ok := r.Request.Span.Attrs().Get(key); ok {
		return v, true
	}
	return r.Request.Span.Origin.Resource.Get(key)
}
