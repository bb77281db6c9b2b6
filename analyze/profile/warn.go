package profile

import (
	"fmt"
	"strings"

	"github.com/pfptrace/pfptrace/analyze/role"
)

// maxQuoted is how much of a stranger's text a warning repeats, in bytes.
const maxQuoted = 40

// quoted makes a stranger's text fit for a warning: short, one line, escaped.
func quoted(text string) string {
	if len(text) > maxQuoted {
		return fmt.Sprintf("%q...", text[:maxQuoted])
	}
	return fmt.Sprintf("%q", text)
}

// warnings says in words what was odd about the traces.
func (j *joiner) warnings() (out []string) {
	warn := func(n int, format string, args ...any) {
		if n > 0 {
			out = append(out, fmt.Sprintf(format, append([]any{n}, args...)...))
		}
	}
	if text := sizeWarning(j.world.Batches); text != "" {
		out = append(out, text)
	}
	warn(j.odd.overlaps, "%d spans fit several profiles (%s): the stronger evidence, then the order of the profiles decided", j.overlapNames())
	warn(j.odd.unknownRoles, "%d spans say a role that is none, such as %s", quoted(j.odd.unknownRole))
	warn(j.odd.badIDs, "%d attributes should hold a trace id and do not")
	warn(j.odd.badNumbers, "%d attributes should hold a time, a length or a count and do not")
	warn(j.odd.overflows, "%d times that rules compute are out of range")
	warn(j.odd.unowned, "%d spans of traces with several requests are below none of them")
	warn(j.between, "%d links into traces with several requests name none of them: they count for the first one")
	warn(j.tooMany, "%d attributes and events beyond the first %d of a span are not looked at", maxDetails)
	return out
}

func (j *joiner) overlapNames() string {
	var names []string
	for i, p := range j.profiles {
		if j.odd.overlapping[i] {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, ", ")
}

// sizeWarning compares what batches say of their size with what is linked.
func sizeWarning(batches []*role.BatchInfo) string {
	differ, dropped := 0, int64(0)
	var said, linked int64
	example := ""
	for _, b := range batches {
		n := int64(max(b.Links, len(b.Members)))
		if b.Size == 0 || b.Size == n {
			continue
		}
		if differ == 0 {
			example = b.Key
			if b.Span != nil {
				example = b.Trace.String()
			}
		}
		differ++
		said += b.Size
		linked += n
		dropped += b.DroppedLinks
	}
	if differ == 0 {
		return ""
	}
	return fmt.Sprintf("batches that say another size than is linked: %d say %d members, %d are linked, senders dropped %d links (the first: %s)",
		differ, said, linked, dropped, quoted(example))
}
