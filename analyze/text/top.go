package text

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pfptrace/pfptrace/analyze"
)

// Top prints where the time of many requests went.
func Top(w io.Writer, r *analyze.TopReport, o Options) error {
	p := newPage(o)
	p.topHeader(r)
	p.nothing(r)
	p.verdict(r.Verdict)
	p.stages(r)
	p.batches(r.Batch)
	p.devices(r.Devices)
	p.links(r.Links)
	p.groups(r)
	p.slowest(r)
	p.warnings(r.Warnings)
	return p.writeTo(w)
}

func (p *page) topHeader(r *analyze.TopReport) {
	incomplete, dropped, profiles := "", "", ""
	if r.Incomplete > 0 {
		incomplete = count(r.Incomplete, "incomplete trace", "incomplete traces")
	}
	if r.DroppedSpans > 0 {
		dropped = count(r.DroppedSpans, "span dropped", "spans dropped")
	}
	if len(r.Profiles) > 0 {
		profiles = "profile " + strings.Join(r.Profiles, ", ")
	}
	p.phrases(
		plain(""), phrase{{count(r.Requests, "request", "requests"), bold}}, say(count(r.Batches, "batch", "batches")),
		say(count(r.Spans, "span", "spans")), phrase{{incomplete, notice}}, phrase{{dropped, notice}}, say(profiles),
	)
	p.phrases(plain(""), say("from "+timestamp(r.Window.Start)), say(p.duration(r.Window.End-r.Window.Start)+" long"))
}

// nothing says why a report is empty.
func (p *page) nothing(r *analyze.TopReport) {
	if r.Requests > 0 {
		return
	}
	p.blank()
	p.wrapped(part{"no requests  ", notice}, plain("no span here is a request that was asked for: a filter or a window leaves all of them out, their roots are missing, or no profile knows them (profiles test shows what the profiles see)"))
}

// stages prints the six groups as one bar, then every stage that has any time.
func (p *page) stages(r *analyze.TopReport) {
	if r.E2E.Count == 0 {
		return
	}
	p.heading("where the time went", "of "+p.sum(r.E2E.Total)+", the time of all requests together")
	p.line(append([]part{plain("  ")}, p.stacked(groupPieces(r.Rollup), p.Width-4)...)...)
	p.phrases(plain("  "), p.legend(groupPieces(r.Rollup))...)
	p.blank()
	p.stageTable(r.Stages, r.E2E)
}

// groupPieces are the six groups of stages as pieces of a stacked bar.
func groupPieces(rollup []analyze.StageReport) []piece {
	var pieces []piece
	for _, group := range rollup {
		pieces = append(pieces, piece{group.Stage, group.Share, strings.ToUpper(group.Stage[:min(1, len(group.Stage))]), groupStyle(group.Stage)})
	}
	return pieces
}

func (p *page) stageTable(stages []analyze.StageReport, e2e analyze.DistReport) {
	s := p.scaleFor(e2e.Max)
	columns := []column{
		{title: "stage", left: true},
		{title: "share"},
		{flex: 6, drop: 3, most: 40},
		{title: "mean " + s.unit, drop: 1},
		{title: "p50", drop: 4},
		{title: "p90", drop: 5},
		{title: "p95", drop: 7},
		{title: "p99"},
		{title: "max", drop: 6},
		{title: "requests", drop: 8},
	}
	var rows [][]cell
	for _, stage := range stages {
		if stage.Total == (analyze.Sum{}) {
			continue
		}
		rows = append(rows, []cell{
			text(stage.Stage), text(percent(stage.Share)),
			drawn(func(width int) []part { return p.bar(stage.Share, width, stageStyle(stage.Stage)) }),
			text(s.number(stage.Mean)), text(s.number(stage.P50)), text(s.number(stage.P90)), text(s.number(stage.P95)),
			text(s.number(stage.P99)), text(s.number(stage.Max)), text(strconv.Itoa(stage.Requests)),
		})
	}
	rows = append(rows, bolded([]cell{
		text("e2e"), text("100.0%"), text(""),
		text(s.number(e2e.Mean)), text(s.number(e2e.P50)), text(s.number(e2e.P90)), text(s.number(e2e.P95)),
		text(s.number(e2e.P99)), text(s.number(e2e.Max)), text(strconv.Itoa(e2e.Count)),
	}))
	p.table(columns, rows)
}

func bolded(row []cell) []cell {
	for i := range row {
		row[i].style = bold
	}
	return row
}

func (p *page) batches(b analyze.BatchSummary) {
	if b.Count == 0 {
		return
	}
	facts := []phrase{say(strconv.Itoa(b.Count))}
	if b.FillRatio != nil {
		facts = append(facts, say(percent(*b.FillRatio)+" full"))
	}
	if reasons := closeReasons(b.CloseReasons); reasons != "" {
		facts = append(facts, say("closed: "+reasons))
	}
	p.blank()
	p.phrases(part{"batches  ", bold}, facts...)
	columns := []column{
		{left: true}, {title: "mean"}, {title: "p50", drop: 2}, {title: "p90", drop: 3}, {title: "p95", drop: 4}, {title: "p99", drop: 1}, {title: "max"},
	}
	var rows [][]cell
	if s := b.Size; s != nil {
		rows = append(rows, []cell{
			text("size"), text(strconv.FormatFloat(s.Mean, 'f', 1, 64)), text(strconv.FormatInt(s.P50, 10)), text(strconv.FormatInt(s.P90, 10)),
			text(strconv.FormatInt(s.P95, 10)), text(strconv.FormatInt(s.P99, 10)), text(strconv.FormatInt(s.Max, 10)),
		})
	}
	rows = append(rows, p.distRow("formation", b.Formation)...)
	rows = append(rows, p.distRow("GPU time", b.GPU)...)
	p.table(columns, rows)
}

// closeReasons counts why batches were closed, the most frequent first.
func closeReasons(counts map[string]int) string {
	const most = 6
	reasons := slices.SortedFunc(maps.Keys(counts), func(x, y string) int {
		return cmp.Or(cmp.Compare(counts[y], counts[x]), cmp.Compare(x, y))
	})
	var words []string
	for _, reason := range reasons[:min(len(reasons), most)] {
		words = append(words, fmt.Sprintf("%s %d", reason, counts[reason]))
	}
	if more := len(reasons) - most; more > 0 {
		words = append(words, count(more, "other reason", "other reasons"))
	}
	return strings.Join(words, ", ")
}

func (p *page) distRow(name string, d *analyze.DistReport) [][]cell {
	if d == nil {
		return nil
	}
	s := p.scaleFor(d.Max)
	return [][]cell{{
		text(name + " " + s.unit), text(s.number(d.Mean)), text(s.number(d.P50)), text(s.number(d.P90)),
		text(s.number(d.P95)), text(s.number(d.P99)), text(s.number(d.Max)),
	}}
}

// devicePieces are what a device does with its time, in the order of method.md
// 2.7, without the classes that it spends no time in.
func devicePieces(d *analyze.DeviceReport) []piece {
	var pieces []piece
	for _, class := range []struct {
		name, letter, group string
		ns                  int64
	}{
		{"busy", "B", "gpu", d.Busy},
		{"host", "H", "server_host", d.HostWait},
		{"transfer", "T", "network", d.Transfer},
		{"forming", "F", "batch_formation", d.Forming},
		{"consumer", "C", "queue", d.Consumer},
		{"starved", "S", "other", d.Starved},
	} {
		if class.ns > 0 && d.Window > 0 {
			pieces = append(pieces, piece{class.name, float64(class.ns) / float64(d.Window), class.letter, groupStyle(class.group)})
		}
	}
	return pieces
}

const maxDevices = 32

func (p *page) devices(devices []analyze.DeviceReport) {
	if len(devices) == 0 {
		return
	}
	p.heading("devices", "busy, or idle: for its host, a transfer, a batch that is forming, want of a consumer, or want of work (starved)")
	for i := range devices[:min(len(devices), maxDevices)] {
		d := &devices[i]
		pieces := devicePieces(d)
		name := part{"  " + strings.TrimSpace(d.Device+" "+d.Host) + "  ", bold}
		if len(pieces) == 0 {
			p.line(name, plain("the window is empty"))
			continue
		}
		p.phrases(name, p.legend(pieces)...)
		p.line(append([]part{plain("  ")}, p.stacked(pieces, p.Width-4)...)...)
	}
	if hidden := len(devices) - maxDevices; hidden > 0 {
		p.line(part{fmt.Sprintf("  and %s, all of them in -o json", count(hidden, "more device", "more devices")), faint})
	}
}

func (p *page) links(l analyze.LinksReport) {
	if l.Total == 0 && l.Truncated == 0 {
		return
	}
	facts := []phrase{say(fmt.Sprint(l.Total))}
	for _, class := range []struct {
		n     int64
		words string
	}{
		{l.Live, "to spans that are here"},
		{l.TraceOnly, "to a trace that is here without the span"},
		{l.DanglingUnsampled, "dangling: the target was not sampled"},
		{l.DanglingLost, "dangling: the target was sampled, and lost"},
		{l.DanglingUnknown, "dangling: sampled or not, nobody says"},
		{l.Truncated, "left out by the SDK"},
		{l.Invalid, "with ids of zero"},
	} {
		if class.n > 0 {
			facts = append(facts, say(fmt.Sprintf("%d %s", class.n, class.words)))
		}
	}
	p.blank()
	p.phrases(part{"links  ", bold}, facts...)
}
