package analyze_test

import (
	"strings"
	"testing"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/profile"
	"github.com/pfptrace/pfptrace/model"
)

// A notebook's trace with two requests, one after another: the first is shown,
// and how to see the other is said.
func TestInspectOneOfSeveralRequests(t *testing.T) {
	traces := parse(t, `
trace 1
  span 1 svc=notebook name=cell 0ns..100ns
  span 2 svc=notebook name=step 10ns..40ns parent=1 pfptrace.role=request
  span 3 svc=notebook name=step 50ns..90ns parent=1 pfptrace.role=request
`)
	a := analyze.New(profile.NewMatcher(profile.Builtin()...).Resolve(traces), analyze.Options{})
	report, ok := a.Inspect(model.TraceID{15: 1}, model.SpanID{})
	if !ok || report.Request.SpanID != "0000000000000002" || !strings.Contains(strings.Join(report.Warnings, "\n"), "--span shows another, such as 0000000000000003") {
		t.Errorf("%v: %+v", ok, report)
	}
	report, ok = a.Inspect(model.TraceID{15: 1}, model.SpanID{7: 3})
	if !ok || report.Request.SpanID != "0000000000000003" || len(report.Warnings) != 0 {
		t.Errorf("%v: %+v", ok, report)
	}
	if _, ok = a.Inspect(model.TraceID{15: 1}, model.SpanID{7: 1}); ok {
		t.Error("a span that is no request was shown as one")
	}
}
