package analyze

// breakdown adds up where the time of a set of requests went.
type breakdown struct {
	e2e     distribution
	stages  [NumStages]distribution
	rollups []Rollup
	groups  []distribution // one a rollup
}

func newBreakdown() *breakdown {
	rollups := Rollups()
	return &breakdown{rollups: rollups, groups: make([]distribution, len(rollups))}
}

func (b *breakdown) add(e2e int64, stages *StageMap) {
	b.e2e.add(e2e)
	for stage, ns := range stages {
		b.stages[stage].add(ns)
	}
	for i, rollup := range b.rollups {
		sum := int64(0)
		for _, stage := range rollup.Stages {
			sum += stages[stage]
		}
		b.groups[i].add(sum)
	}
}

// stageReports lists all stages, also those without time, in their order.
func (b *breakdown) stageReports() []StageReport {
	out := make([]StageReport, 0, NumStages)
	for stage := range b.stages {
		out = append(out, b.stages[stage].stage(stageNames[stage], b.e2e.total))
	}
	return out
}

func (b *breakdown) rollupReports() []StageReport {
	out := make([]StageReport, 0, len(b.rollups))
	for i, rollup := range b.rollups {
		out = append(out, b.groups[i].stage(rollup.Name, b.e2e.total))
	}
	return out
}

func (b *breakdown) exact() bool {
	for i := range b.stages {
		if !b.stages[i].exact() {
			return false
		}
	}
	return b.e2e.exact()
}

// share is a stage's part of the whole, 0 to 1.
func (b *breakdown) share(stages ...Stage) float64 {
	whole := b.e2e.total.Float()
	if whole == 0 {
		return 0
	}
	part := 0.0
	for _, stage := range stages {
		part += b.stages[stage].total.Float()
	}
	return part / whole
}
