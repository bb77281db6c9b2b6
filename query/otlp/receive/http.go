package receive

import (
	"context"
	"errors"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
)

const (
	mediaProtobuf = "application/x-protobuf"
	mediaJSON     = "application/json"
)

func (r *Receiver) newHTTP() *http.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/traces", r.handler(nil))
	mux.HandleFunc("/v1/metrics", r.handler(&r.count.droppedMetrics))
	mux.HandleFunc("/v1/logs", r.handler(&r.count.droppedLogs))
	return &http.Server{
		Handler:           mux,
		TLSConfig:         r.options.TLS.Clone(), // a nil one clones to nil
		ReadHeaderTimeout: r.options.Timeout / 3,
		ReadTimeout:       r.options.Timeout,
		WriteTimeout:      2 * r.options.Timeout, // from the end of the headers: the time to read is part of it
		IdleTimeout:       idle,
		MaxHeaderBytes:    maxHeaderList,
		ConnContext:       withConn,
		ErrorLog:          log.New(io.Discard, "", 0), // what clients do wrong is counted
	}
}

func (r *Receiver) serveHTTP() error {
	if r.http.TLSConfig != nil {
		return r.http.ServeTLS(r.httpListener, "", "")
	}
	return r.http.Serve(r.httpListener)
}

type connKey struct{}

// withConn lets a handler find its connection.
func withConn(ctx context.Context, c net.Conn) context.Context {
	if addr, ok := c.RemoteAddr().(connAddr); ok {
		return context.WithValue(ctx, connKey{}, addr.conn)
	}
	return ctx
}

// handler answers requests of one signal: of traces, or of one that is dropped
// and counted.
func (r *Receiver) handler(dropped *atomic.Uint64) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if r.crossOrigin(w, req) {
			return
		}
		if req.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "OTLP comes by POST", http.StatusMethodNotAllowed)
			return
		}
		form, said := r.examine(req)
		if said.code == codes.OK {
			said = r.take(w, req, form, dropped)
		}
		connOf(req.Context()).finished()
		said.write(w, form)
	}
}

// examine judges a request by its headers.
func (r *Receiver) examine(req *http.Request) (form media, refusal answer) {
	contentType, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if contentType == mediaJSON {
		form = jsonText
	}
	switch {
	case !r.token.admits(req.Header.Get("Authorization")):
		return form, r.unauthenticated()
	case err != nil || contentType != mediaJSON && contentType != mediaProtobuf:
		return form, unsupported("the content type must be " + mediaProtobuf + " or " + mediaJSON)
	case !slices.Contains([]string{"", "identity", "gzip", "zstd"}, contentEncoding(req)):
		return form, unsupported("the content encoding must be gzip, zstd or none")
	case req.ContentLength > int64(r.options.MaxMessage):
		return form, r.tooLarge()
	case r.budget.full():
		r.shed(shedAge)
		return form, r.busy()
	}
	return form, answer{}
}

func contentEncoding(req *http.Request) string {
	return strings.ToLower(req.Header.Get("Content-Encoding"))
}

func unsupported(text string) answer {
	return answer{code: codes.InvalidArgument, http: http.StatusUnsupportedMediaType, text: text}
}

// take reads a request's body and has it accepted, or dropped and counted.
func (r *Receiver) take(w http.ResponseWriter, req *http.Request, form media, dropped *atomic.Uint64) answer {
	body := http.MaxBytesReader(w, req.Body, int64(r.options.MaxMessage))
	in := intake{r: r}
	defer in.done()
	err := in.readBody(body, req.ContentLength)
	connOf(req.Context()).finished() // what is held from here on is not the client's doing
	if err == nil && dropped == nil {
		err = in.decompress(contentEncoding(req))
	}
	if _, above := errors.AsType[*http.MaxBytesError](err); above || errors.Is(err, errExpansion) {
		return r.tooLarge()
	}
	switch {
	case errors.Is(err, ErrBusy):
		r.shed(shedAge)
		return r.busy()
	case errors.Is(err, errBroken):
		r.count.incomplete.Add(1)
		return answer{code: codes.InvalidArgument, http: http.StatusRequestTimeout, text: err.Error()}
	case err != nil:
		return r.malformed(err)
	case dropped != nil:
		dropped.Add(1)
		return answer{}
	}
	return connOf(req.Context()).serve(func() answer { return r.accept(in.take(), form) })
}

// write sends an answer in the encoding of its request.
func (a answer) write(w http.ResponseWriter, form media) {
	body, err := a.body(form)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	contentType := mediaProtobuf
	if form == jsonText {
		contentType = mediaJSON
	}
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if a.retry {
		header.Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	if a.http == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", "Bearer")
	}
	w.WriteHeader(max(a.http, http.StatusOK))
	w.Write(body) // a client that is gone needs no answer
}
