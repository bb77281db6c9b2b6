package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/profile"
	"github.com/pfptrace/pfptrace/analyze/text"
	"github.com/pfptrace/pfptrace/model"
)

type inspectFlags struct {
	sourceFlags
	output choice
	span   string
}

func (p *program) inspectCommand() *cobra.Command {
	var o inspectFlags
	o.output = oneOf("text", "json", "ndjson", "notation")
	cmd := &cobra.Command{
		Use:   "inspect TRACE_ID --from SOURCE",
		Short: "Where did the time of this request go?",
		Long: `Where did the time of this request go: its stages, the way through its batch, who else was in the batch and who held it open. With the trace id of a batch, the batch and its members.

The first digits of a trace id, 6 or more, are enough where only one trace starts with them.`,
		Example: `pfptrace inspect d35b6b --from testdata/examples/otlp/ex01-basic.jsonl
pfptrace inspect d35b6b745c1562cef4e2660059110b4b --from traces.jsonl -o json
pfptrace inspect d35b6b --from traces.jsonl -o notation`,
		Args: exactlyOne("trace id"),
		RunE: p.settings(func(cmd *cobra.Command, args []string) error { return p.inspect(cmd.Context(), args[0], &o) }),
	}
	o.addFrom(cmd)
	o.add(cmd)
	cmd.Flags().VarP(&o.output, "output", "o", "text, json, ndjson (the same on one line), or notation (the spans, as fixtures are written)")
	cmd.Flags().StringVar(&o.span, "span", "", "which request of the trace, by its span id; else the outermost")
	o.output.complete(cmd, "output")
	return cmd
}

func (p *program) inspect(ctx context.Context, prefix string, o *inspectFlags) error {
	if err := o.check("name a file: pfptrace inspect TRACE_ID --from FILE, or set PFPTRACE_FROM"); err != nil {
		return err
	}
	prefix, err := checkPrefix(prefix)
	if err != nil {
		return err
	}
	var span model.SpanID
	if o.span != "" {
		if span, err = model.ParseSpanID(o.span); err != nil {
			return wrongUsage("", "--span: %w", err)
		}
	}
	evidence, err := p.load(ctx, &o.sourceFlags, (*profile.Matcher).Resolve)
	if err != nil {
		return err
	}
	id, err := p.find(evidence, prefix)
	if err != nil {
		return err
	}
	report, ok := analyze.New(evidence.world, evidence.options).Inspect(id, span)
	switch {
	case !ok && o.span != "":
		return nothingFound("without --span the outermost request of the trace is shown", "trace %s has no request or batch with the span id %s", id, o.span)
	case !ok:
		return nothingFound("pfptrace profiles test FILE shows what the profiles make of the spans", "trace %s holds neither a request nor a batch", id)
	}
	switch format := o.output.String(); format {
	case "text":
		return text.Inspect(p.stdout, report, p.textOptions())
	case "notation":
		_, err := io.WriteString(p.stdout, model.FormatNotation(tracesOf(evidence.traces, id, report)))
		return err
	default:
		return p.printJSON(report, format)
	}
}

// tracesOf returns the trace and those of its batches.
func tracesOf(traces *model.Traces, id model.TraceID, report *analyze.InspectReport) []model.Trace {
	var list []model.Trace
	seen := map[model.TraceID]bool{}
	add := func(id model.TraceID) {
		if trace := traces.Get(id); trace != nil && !seen[id] {
			seen[id] = true
			list = append(list, *trace)
		}
	}
	add(id)
	for i := range report.Batches {
		if batch, err := model.ParseTraceID(report.Batches[i].TraceID); err == nil {
			add(batch)
		}
	}
	return list
}

const minPrefix = 6

// checkPrefix returns the digits in lower case.
func checkPrefix(prefix string) (string, error) {
	const hint = "give 6 to 32 hex digits of a trace id; pfptrace top --slowest 10 lists some"
	digits := strings.TrimPrefix(strings.ToLower(prefix), "0x")
	if strings.Trim(digits, "0123456789abcdef") != "" || len(digits) > 32 {
		return "", wrongUsage(hint, "%q is no trace id", prefix)
	}
	if len(digits) < minPrefix {
		return "", wrongUsage(hint, "%q is too short for a trace id", prefix)
	}
	return digits, nil
}

// find returns the one trace whose id starts with the digits. Jaeger leaves
// leading zeros of ids out: digits that are such a short id are taken as one
// where no id starts with them.
func (p *program) find(e *evidence, digits string) (model.TraceID, error) {
	var found []model.TraceID
	for i := range e.traces.List {
		if id := e.traces.List[i].ID; strings.HasPrefix(id.String(), digits) {
			found = append(found, id)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		if id, err := model.ParseTraceID(digits); err == nil && e.traces.Get(id) != nil {
			return id, nil
		}
		return model.TraceID{}, nothingFound("pfptrace top --slowest 10 lists trace ids", "no trace starts with %s (of %d traces that were read)", digits, len(e.traces.List))
	}
	return model.TraceID{}, wrongUsage("give more digits", "%d traces start with %s:\n%s", len(found), digits, candidates(e, found))
}

const maxCandidates = 10

// candidates are lines that tell traces apart: id, service, name, start, length.
func candidates(e *evidence, ids []model.TraceID) string {
	requests := map[model.TraceID]string{}
	for _, r := range e.world.Requests {
		if _, ok := requests[r.Trace]; !ok {
			requests[r.Trace] = candidate(r.Service, r.Span.Name, r.Start, r.End)
		}
	}
	slices.SortFunc(ids, model.TraceID.Compare)
	var lines []string
	for _, id := range ids[:min(len(ids), maxCandidates)] {
		line, ok := requests[id]
		if !ok {
			root := &e.traces.Get(id).Spans[0]
			line = candidate(root.Origin.Service, root.Name, root.Start, root.End)
		}
		lines = append(lines, id.String()+"  "+line)
	}
	if more := len(ids) - len(lines); more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(lines, "\n")
}

func candidate(service, name string, start, end int64) string {
	at := time.Unix(0, start).UTC().Format(time.RFC3339Nano)
	return fmt.Sprintf("%s  %s  %s  %s", cmp.Or(service, "-"), cmp.Or(name, "-"), at, time.Duration(end-start))
}
