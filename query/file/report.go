package file

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pfptrace/pfptrace/query/otlp"
)

// Report says what was read and, above all, what was not.
type Report struct {
	Files     []FileReport // in the order in which they were read
	PassedBy  []PassedBy   // what stands in a folder and was not read
	Problems  []Problem    // the first maxProblems of all files
	QuantumNS int64        // what --quantum should be: 1000 if a file keeps only microseconds, else 0
}

// maxProblems is how many problems are kept; all are counted.
const maxProblems = 20

// FileReport is what became of one file.
type FileReport struct {
	Name        string
	Formats     []string // those of what was read, in the order met
	Compression string   // "gzip", "zstd" or ""
	Stored      int64    // bytes read of the file
	Size        int64    // bytes of the file, -1 where unknown (pipes)
	Content     int64    // bytes read, after decompression, but of a capture as stored
	Messages    int      // messages or documents that were read
	Spans       int
	Problems    int     // stretches that could not be read
	First       Problem // the first of them
	Lost        int64   // bytes of them
	Refused     []otlp.Refusal
	Skipped     [otlp.NumSignals]int // messages of other signals
	Limit       string               // the limit at which reading stopped, "" if at the end
	Failure     string               // why the file cannot be read to its end, "" if it was
	Notes       []string             // what a reader of the analysis must know about this format
}

// Problem is a stretch of a file that could not be read.
type Problem struct {
	File   string
	Line   int   // from 1; 0 where there are no lines
	Offset int64 // says where if Line is 0: after decompression, but of a capture in the file itself
	Reason string
}

// PassedBy is something in a folder that was not read.
type PassedBy struct{ Name, Reason string }

// String returns the problem with its place.
func (p Problem) String() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s line %d: %s", p.File, p.Line, p.Reason)
	}
	return fmt.Sprintf("%s at byte %d: %s", p.File, p.Offset, p.Reason)
}

// Dropped returns how many spans were read and could not be kept.
func (r *Report) Dropped() (n int) {
	for i := range r.Files {
		for _, refusal := range r.Files[i].Refused {
			if refusal.Dropped {
				n += refusal.Count
			}
		}
	}
	return n
}

// Spans returns how many spans were read, copies of the same one included.
func (r *Report) Spans() (n int) {
	for i := range r.Files {
		n += r.Files[i].Spans
	}
	return n
}

// Warnings returns what a person must know, in plain words: file by file in the
// order of reading, what was lost first.
func (r *Report) Warnings() []string {
	var out []string
	for i := range r.Files {
		f := &r.Files[i]
		if f.Problems > 0 {
			out = append(out, f.loss())
		}
		if f.Limit != "" {
			out = append(out, f.Name+": reading stopped at "+f.Limit+f.unread())
		}
		if f.Failure != "" {
			out = append(out, f.Name+": the rest cannot be read: "+f.Failure)
		}
		for _, refusal := range f.Refused {
			out = append(out, fmt.Sprintf("%s: %s%s", f.Name, times(refusal.Count, refusal.Reason), example(refusal.Example)))
		}
		if skipped := f.skipped(); skipped != "" {
			out = append(out, f.Name+": skipped messages of other signals: "+skipped)
		}
		for _, note := range f.Notes {
			out = append(out, f.Name+": "+note)
		}
		if f.Spans == 0 && f.Limit == "" {
			out = append(out, f.Name+": holds no spans")
		}
	}
	if passed := r.passedBy(); passed != "" {
		out = append(out, passed)
	}
	return out
}

func (f *FileReport) loss() string {
	share := fmt.Sprintf("%s of the bytes", percent(f.Lost, f.Content))
	if f.Problems == 1 {
		return fmt.Sprintf("%s (%s)", f.First, share)
	}
	return fmt.Sprintf("%s; %d %s could not be read (%s)", f.First, f.Problems, unit(f.First), share)
}

func unit(p Problem) string {
	if p.Line > 0 {
		return "lines or documents"
	}
	return "messages"
}

func (f *FileReport) unread() string {
	if f.Size <= f.Stored {
		return ""
	}
	return fmt.Sprintf(": %s of the file was not read", percent(f.Size-f.Stored, f.Size))
}

func (f *FileReport) skipped() string {
	var parts []string
	for s, n := range f.Skipped {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d of %s", n, otlp.Signal(s)))
		}
	}
	return strings.Join(parts, ", ")
}

// passedBy names the first of what was passed by, and counts the rest.
func (r *Report) passedBy() string {
	const named = 5
	var parts []string
	for _, p := range r.PassedBy[:min(len(r.PassedBy), named)] {
		parts = append(parts, fmt.Sprintf("%s (%s)", p.Name, p.Reason))
	}
	if more := len(r.PassedBy) - named; more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	if len(parts) == 0 {
		return ""
	}
	return "not read: " + strings.Join(parts, "; ")
}

// counted writes a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return strconv.Itoa(n) + " " + thing + "s"
}

func times(n int, what string) string {
	if n == 1 {
		return "once: " + what
	}
	return strconv.Itoa(n) + " times: " + what
}

func example(text string) string {
	if text == "" {
		return ""
	}
	return " (for example " + quoted([]byte(text)) + ")"
}

// percent writes part of whole with one decimal, and never 0 for something.
func percent(part, whole int64) string {
	if whole <= 0 {
		return "0 %"
	}
	tenths := part * 1000 / whole
	if tenths == 0 && part > 0 {
		return "less than 0.1 %"
	}
	return fmt.Sprintf("%d.%d %%", tenths/10, tenths%10)
}

// size writes a number of bytes in binary units.
func size(n int64) string {
	units := []string{"bytes", "KiB", "MiB", "GiB", "TiB"}
	value, u := float64(n), 0
	for value >= 1000 && u < len(units)-1 {
		value /= 1024
		u++
	}
	return strconv.FormatFloat(value, 'g', 3, 64) + " " + units[u]
}

// Error is a source of which nothing could be read.
type Error struct {
	File   string
	Reason string
	Advice string // what to do about it, or ""
	Err    error  // from the system, or nil
}

func (e *Error) Error() string { return e.File + ": " + e.Reason }

// Hint returns what to do about it.
func (e *Error) Hint() string { return e.Advice }

// Unwrap returns the error of the system, if it was one.
func (e *Error) Unwrap() error { return e.Err }

const accepted = "accepted are OTLP (JSON lines, JSON documents, protobuf), Jaeger UI JSON and Triton trace JSON, plain or as gzip or zstd"
