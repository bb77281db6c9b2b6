package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/pfptrace/pfptrace/analyze"
	"github.com/pfptrace/pfptrace/analyze/profile"
	"github.com/pfptrace/pfptrace/analyze/role"
	"github.com/pfptrace/pfptrace/analyze/text"
)

// topFlags say which requests a report is about, and what it looks like.
type topFlags struct {
	sourceFlags
	output     choice
	filter     string
	service    string
	groupBy    string
	slowest    int
	limit      int
	start, end moment
	since      time.Duration
}

func (p *program) topCommand() *cobra.Command {
	var o topFlags
	o.output = oneOf("text", "json", "ndjson")
	cmd := &cobra.Command{
		Use:   "top --from SOURCE",
		Short: "Where does the time of all requests go?",
		Long: `Where does the time of all requests go: a breakdown by stage, what the batches looked like, what every device waited for, and a verdict.

A filter picks requests: comparisons joined by and, or, not and parentheses.
  e2e, stage.NAME                 > >= < <= = !=   500ms, 20us, or 40% of e2e (stages)
  attempts, batch.size, weight    > >= < <= = !=   8
  service, name, profile, status  = != =~ !~       api, "a text", "an RE2 pattern"
  flag                            = != =~ !~       retried
  attr.KEY or attr."KEY"          all of them      an attribute of the request's span`,
		Example: `pfptrace top --from testdata/samples/recorded
pfptrace top --from traces.jsonl.gz --filter 'e2e>500ms and stage.queue_wait>40%' --slowest 10
pfptrace top --from traces.jsonl --group-by http.route -o json`,
		Args: noArguments,
		RunE: p.settings(func(cmd *cobra.Command, _ []string) error { return p.top(cmd, &o) }),
	}
	o.addFrom(cmd)
	o.add(cmd)
	flags := cmd.Flags()
	flags.VarP(&o.output, "output", "o", "text, json, or ndjson (the same on one line)")
	flags.StringVar(&o.filter, "filter", "", "only requests that this expression picks")
	flags.StringVar(&o.service, "service", "", "only requests of the service with this name")
	flags.StringVar(&o.groupBy, "group-by", "", "a breakdown for each service, profile, batch-size, or value of this attribute")
	flags.IntVar(&o.slowest, "slowest", 0, "list this many of the slowest requests")
	flags.IntVar(&o.limit, "limit", 0, "only this many requests, the latest (0: all)")
	flags.Var(&o.start, "start", "only requests that end at this time or later")
	flags.Var(&o.end, "end", "only requests that end before this time")
	flags.DurationVar(&o.since, "since", 0, "only requests that end in this last part of what was read")
	o.output.complete(cmd, "output")
	return cmd
}

func (p *program) top(cmd *cobra.Command, o *topFlags) error {
	query, err := o.query()
	if err != nil {
		return err
	}
	if err := o.check("name a file: pfptrace top --from FILE; pfptrace record -o FILE receives traces"); err != nil {
		return err
	}
	evidence, err := p.load(cmd.Context(), &o.sourceFlags, (*profile.Matcher).Resolve)
	if err != nil {
		return err
	}
	o.limitRequests(evidence.world)
	o.setWindow(&query, evidence.world)
	report := analyze.New(evidence.world, evidence.options).Top(query)
	report.DroppedSpans = evidence.dropped
	return p.printTop(report, o.output.String())
}

// query checks what the flags ask for.
func (o *topFlags) query() (analyze.TopQuery, error) {
	q := analyze.TopQuery{GroupBy: o.groupBy, Slowest: o.slowest}
	switch {
	case o.slowest < 0:
		return q, wrongUsage("", "--slowest %d: must not be negative", o.slowest)
	case o.limit < 0:
		return q, wrongUsage("", "--limit %d: must not be negative", o.limit)
	case o.since < 0:
		return q, wrongUsage("", "--since %s: must not be negative", o.since)
	case o.since > 0 && (o.start.set || o.end.set):
		return q, wrongUsage("", "--since stands for --start and --end: give one or the other")
	case o.start.set && o.end.set && o.start.ns >= o.end.ns:
		return q, wrongUsage("", "--start is not before --end")
	}
	if o.filter != "" {
		filter, err := analyze.ParseFilter(o.filter)
		if err != nil {
			return q, wrongUsage("pfptrace top --help shows the grammar", "%w", err)
		}
		q.Filter = filter
	}
	if o.service != "" {
		q.Filter = q.Filter.And(analyze.ServiceFilter(o.service))
	}
	return q, nil
}

// limitRequests keeps the latest requests, and says so.
func (o *topFlags) limitRequests(world *role.World) {
	if all := len(world.Requests); o.limit > 0 && all > o.limit {
		world.Requests = world.Requests[all-o.limit:]
		world.Warnings = append(world.Warnings, fmt.Sprintf("only the latest %d of %d requests are in this report (--limit)", o.limit, all))
	}
}

// setWindow fills in the end of the window that was left open. A request that
// ends at the very end of what was read is inside.
func (o *topFlags) setWindow(q *analyze.TopQuery, world *role.World) {
	if !o.start.set && !o.end.set && o.since == 0 {
		return
	}
	q.Start, q.End = world.Start, world.End+1
	if o.since > 0 {
		q.Start = max(q.Start, q.End-int64(o.since))
	}
	if o.start.set {
		q.Start = o.start.ns
	}
	if o.end.set {
		q.End = o.end.ns
	}
	q.End = max(q.End, q.Start)
}

func (p *program) printTop(report *analyze.TopReport, format string) error {
	if format == "text" {
		return text.Top(p.stdout, report, p.textOptions())
	}
	return p.printJSON(report, format)
}

// printJSON writes a report over many lines, or on one for ndjson.
func (p *program) printJSON(report any, format string) error {
	encoder := json.NewEncoder(p.stdout)
	if format == "json" {
		encoder.SetIndent("", "  ")
	}
	return encoder.Encode(report)
}
