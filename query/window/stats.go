package window

// Stats counts what became of all spans and links that were added.
// Accepted = Spans + Evicted.
type Stats struct {
	Accepted   uint64 // spans that were kept at first
	Duplicates uint64 // spans that were not kept, because an equal one was there
	Evicted    uint64 // accepted spans that had to go since
	Spans      int    // in the window
	Segments   int
	Bytes      int64 // of memory that spans and indexes take
	Pinned     int64 // of evicted memory that snapshots still use, besides

	Pending      int    // traces that links name and of which no span came
	Expired      uint64 // pending ones that went with the last link that named them
	DroppedLinks uint64 // links that found no room: Linking does not tell of them
	Oldest       int64  // unix ns when the oldest segment got its first span; 0: the window is empty
}

// Stats returns the counts as they are.
func (w *Window) Stats() Stats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stats()
}

func (w *Window) stats() Stats {
	out := Stats{
		Accepted: w.accepted, Duplicates: w.gone.duplicates, Evicted: w.gone.evicted,
		Pinned: int64(w.pinned), Expired: w.gone.expired, DroppedLinks: w.gone.links,
		Bytes: int64(w.filter.bytes()),
	}
	for _, s := range w.sealed {
		out.add(s)
	}
	if w.open != nil {
		out.add(w.open)
	}
	return out
}

func (out *Stats) add(s *segment) {
	if out.Segments == 0 {
		out.Oldest = s.opened
	}
	out.Segments++
	out.Spans += int(s.records.n)
	out.Bytes += int64(s.bytes)
	out.Pending += s.pending
	out.DroppedLinks += uint64(s.dropped)
}
