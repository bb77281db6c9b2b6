package otlp

// Field numbers of opentelemetry/proto/{collector/trace,trace,resource,common}/v1.
const (
	fieldResourceSpans = 1 // of ExportTraceServiceRequest and of TracesData

	fieldResource     = 1 // of ResourceSpans
	fieldScopeSpans   = 2
	fieldLibrarySpans = 1000 // what ScopeSpans was called before OTLP 0.19

	fieldScope = 1 // of ScopeSpans
	fieldSpans = 2

	fieldSpanTraceID           = 1
	fieldSpanID                = 2
	fieldSpanState             = 3
	fieldSpanParentID          = 4
	fieldSpanName              = 5
	fieldSpanKind              = 6
	fieldSpanStart             = 7
	fieldSpanEnd               = 8
	fieldSpanAttributes        = 9
	fieldSpanDroppedAttributes = 10
	fieldSpanEvents            = 11
	fieldSpanDroppedEvents     = 12
	fieldSpanLinks             = 13
	fieldSpanDroppedLinks      = 14
	fieldSpanStatus            = 15
	fieldSpanFlags             = 16

	fieldStatusMessage = 2
	fieldStatusCode    = 3

	fieldEventTime              = 1
	fieldEventName              = 2
	fieldEventAttributes        = 3
	fieldEventDroppedAttributes = 4

	fieldLinkTraceID           = 1
	fieldLinkSpanID            = 2
	fieldLinkState             = 3
	fieldLinkAttributes        = 4
	fieldLinkDroppedAttributes = 5
	fieldLinkFlags             = 6

	fieldResourceAttributes = 1
	fieldResourceDropped    = 2

	fieldScopeName       = 1
	fieldScopeVersion    = 2
	fieldScopeAttributes = 3
	fieldScopeDropped    = 4

	fieldKey   = 1 // of KeyValue
	fieldValue = 2

	fieldElement = 1 // of ArrayValue and of KeyValueList
)

// Field numbers of AnyValue.
const (
	anyString = 1
	anyBool   = 2
	anyInt    = 3
	anyDouble = 4
	anyArray  = 5
	anyMap    = 6
	anyBytes  = 7
)
