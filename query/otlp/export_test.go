package otlp

// NewGeneralDecoder returns a Decoder that never takes a fast path.
func NewGeneralDecoder() *Decoder { return &Decoder{general: true} }

// The scanners of words and their limits, for tests.
var (
	EndOfPlain     = endOfPlain
	EightDigits    = eightDigits
	EightHexDigits = eightHexDigits
)

// What tests must know of the limits.
const (
	MaxDepth   = maxDepth
	MaxOrigins = maxOrigins
	NameSlots  = nameSlots
)
