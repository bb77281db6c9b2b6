package file

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// format is how a file is cut into messages.
type format uint8

const (
	unknownFormat format = iota
	jsonText             // objects of any kind, see documents
	protoMessage         // one OTLP message, or several one after another
	protoWrapped         // a message whose field 1 is an OTLP message: Tempo's answer
	fixedFrames          // messages after 4 bytes of length, big-endian
	varintFrames         // messages after their length as a varint
)

// sniff names the format of the stream that begins with head. whole says that
// head is all of it.
func sniff(head []byte, whole bool) format {
	switch {
	case startsJSON(head):
		return jsonText
	case len(bytes.TrimLeft(head, " \t\r\n")) == 0:
		return unknownFormat
	case fits(head, tracesShape(), whole):
		return protoMessage
	case fits(head, answerShape(), whole):
		return protoWrapped
	case isFrames(head, fixedLength):
		return fixedFrames
	case isFrames(head, varintLength):
		return varintFrames
	case hasDocumentLine(head):
		return jsonText
	}
	return unknownFormat
}

// enoughShape is how many bytes must fit a message type before its missing end
// is believed to be cut off.
const enoughShape = 8

// fits reports whether head is a message of this shape, or the beginning of
// one.
func fits(head []byte, s shape, whole bool) bool {
	return len(head) > 0 && (whole && s.fits(head, false) || len(head) >= enoughShape && s.fits(head, true))
}

// startsJSON reports whether head starts as JSON documents do. A protobuf
// message may start with the bytes of a line end and a brace: no quote and
// letter follow there.
func startsJSON(head []byte) bool {
	inside := bytes.TrimLeft(head, " \t\r\n\x1e")
	if startsWith(inside, "[") {
		inside = bytes.TrimLeft(inside, "[ \t\r\n")
		if startsWith(inside, "]") {
			return true
		}
	}
	if !startsWith(inside, "{") {
		return false
	}
	key := bytes.TrimLeft(inside[1:], " \t\r\n")
	return startsWith(key, "}") || len(key) > 1 && key[0] == '"' && key[1] > ' '
}

// hasDocumentLine reports whether some line of head starts a document: the
// beginning of the file was cut away, or damaged.
func hasDocumentLine(head []byte) bool {
	for {
		end := bytes.IndexByte(head, '\n')
		if end < 0 {
			return false
		}
		head = head[end+1:]
		if startsDocument(head) {
			return true
		}
	}
}

// looksOf says what a stream that is nothing we read looks like.
func looksOf(head []byte) string {
	if len(head) == 0 {
		return "it is empty"
	}
	for _, known := range knownFiles() {
		if bytes.HasPrefix(head, []byte(known.magic)) {
			return "it looks like " + known.what
		}
	}
	text := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case len(text) == 0:
		return "it holds only white space"
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return "it looks like a tar archive: unpack it first"
	case startsWith(text, "<"):
		return "it looks like HTML or XML"
	case bytes.HasPrefix(head, []byte{0xfe, 0xff}), bytes.HasPrefix(head, []byte{0xff, 0xfe}):
		return "it looks like UTF-16 text: convert it to UTF-8"
	case startsWith(text, "{["):
		return "it looks like JSON without any object of traces"
	case isText(head):
		return "it looks like plain text: " + quoted(text)
	}
	return "it looks like binary data: " + fmt.Sprintf("% x …", head[:min(len(head), 8)])
}

type knownFile struct{ magic, what string }

func knownFiles() []knownFile {
	return []knownFile{
		{"\x89PNG", "a PNG image"},
		{"\xff\xd8\xff", "a JPEG image"},
		{"PAR1", "Parquet"},
		{"PERFILE2", "a profile of perf"},
		{"SQLite format 3\x00", "an SQLite database"},
		{"\x7fELF", "a program (ELF)"},
		{"%PDF", "a PDF"},
		{"PK\x03\x04", "a ZIP archive: unpack it first"},
		{"BZh", "bzip2: unpack it first, or use gzip or zstd"},
		{"\xfd7zXZ", "xz: unpack it first, or use gzip or zstd"},
		{"\x04\x22\x4d\x18", "lz4: unpack it first, or use gzip or zstd"},
		{"\x1f\x8b", "gzip inside of gzip or zstd: unpack it once"},
		{"\x28\xb5\x2f\xfd", "zstd inside of gzip or zstd: unpack it once"},
		{"go 1.", "an execution trace of Go"},
		{"resource_spans:", "OTLP in protobuf's text format"},
	}
}

func isText(head []byte) bool {
	if len(head) > utf8.UTFMax {
		head = head[:len(head)-utf8.UTFMax] // a rune may be cut
	}
	return utf8.Valid(head) && bytes.IndexByte(head, 0) < 0
}

// quoted returns the beginning of a stranger's text so that it can be printed.
func quoted(text []byte) string {
	const shown = 40
	line, _, _ := bytes.Cut(text, []byte{'\n'})
	if len(line) <= shown {
		return strconv.QuoteToGraphic(string(line))
	}
	return strconv.QuoteToGraphic(string(line[:shown])) + "…"
}
