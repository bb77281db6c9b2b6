package receive

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// retryAfter is when a client that was refused should come back. The budget is
// a fraction of a second's worth of requests.
const retryAfter = time.Second

// answer is what a client is told, over gRPC and HTTP alike. The zero answer
// is a full success.
type answer struct {
	code     codes.Code
	http     int    // the status; 0 is 200
	text     string // of a failure; of a success, what was wrong with parts of it
	rejected int64  // spans, of a success
	retry    bool   // the client should try again later
}

func (r *Receiver) malformed(err error) answer {
	r.count.malformed.Add(1)
	return answer{code: codes.InvalidArgument, http: http.StatusBadRequest, text: err.Error()}
}

func (r *Receiver) tooLarge() answer {
	r.count.tooLarge.Add(1)
	text := "a request is larger than " + strconv.Itoa(r.options.MaxMessage) + " bytes (limit), as it came or decompressed"
	return answer{code: codes.ResourceExhausted, http: http.StatusRequestEntityTooLarge, text: text}
}

func (r *Receiver) busy() answer {
	r.count.busy.Add(1)
	return answer{code: codes.ResourceExhausted, http: http.StatusTooManyRequests, text: "too much in flight: try again later", retry: true}
}

func (r *Receiver) unauthenticated() answer {
	r.count.unauthenticated.Add(1)
	return answer{code: codes.Unauthenticated, http: http.StatusUnauthorized, text: "a bearer token is needed"}
}

func unavailable(text string) answer {
	return answer{code: codes.Unavailable, http: http.StatusServiceUnavailable, text: text, retry: true}
}

// status returns a failure as google.rpc.Status. gRPC clients try again after
// RESOURCE_EXHAUSTED only where it says when.
func (a answer) status() *status.Status {
	s := status.New(a.code, a.text)
	if a.retry {
		if detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(retryAfter)}); err == nil {
			return detailed
		}
	}
	return s
}

// Field numbers of opentelemetry/proto/collector/trace/v1.
const (
	fieldPartialSuccess = 1
	fieldRejected       = 1
	fieldErrorMessage   = 2
)

// response is a success as an Export…ServiceResponse, which looks alike for
// all signals.
func (a answer) response() []byte {
	if a.text == "" {
		return nil
	}
	var partial []byte
	if a.rejected > 0 {
		partial = protowire.AppendTag(partial, fieldRejected, protowire.VarintType)
		partial = protowire.AppendVarint(partial, uint64(a.rejected))
	}
	partial = protowire.AppendTag(partial, fieldErrorMessage, protowire.BytesType)
	partial = protowire.AppendString(partial, a.text)
	out := protowire.AppendTag(nil, fieldPartialSuccess, protowire.BytesType)
	return protowire.AppendBytes(out, partial)
}

// body returns what HTTP sends: a response, or a google.rpc.Status.
func (a answer) body(form media) ([]byte, error) {
	switch {
	case a.code != codes.OK && form == jsonText:
		return protojson.Marshal(a.status().Proto())
	case a.code != codes.OK:
		return proto.Marshal(a.status().Proto())
	case form == protobuf:
		return a.response(), nil
	case a.text == "":
		return []byte("{}"), nil
	}
	type partialSuccess struct {
		Rejected int64  `json:"rejectedSpans,string,omitempty"`
		Message  string `json:"errorMessage"`
	}
	return json.Marshal(struct {
		Partial partialSuccess `json:"partialSuccess"`
	}{partialSuccess{a.rejected, a.text}})
}
