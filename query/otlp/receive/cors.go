package receive

import (
	"net/http"
	"slices"
)

// crossOrigin lets pages of the origins that were asked for send from a
// browser, and reports whether the request was only the question whether they
// may. Where none were asked for it does nothing: browsers then refuse.
func (r *Receiver) crossOrigin(w http.ResponseWriter, req *http.Request) (answered bool) {
	if len(r.options.Origins) == 0 {
		return false
	}
	header := w.Header()
	header.Add("Vary", "Origin")
	origin := req.Header.Get("Origin")
	if origin == "" || !slices.Contains(r.options.Origins, origin) && !slices.Contains(r.options.Origins, "*") {
		return false
	}
	header.Set("Access-Control-Allow-Origin", origin)
	if req.Method != http.MethodOptions {
		return false
	}
	header.Set("Access-Control-Allow-Methods", http.MethodPost)
	header.Set("Access-Control-Allow-Headers", "authorization, content-encoding, content-type, traceparent, tracestate")
	header.Set("Access-Control-Max-Age", "3600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
