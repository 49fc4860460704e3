// Package httptransport serves GraphQL over HTTP: GET and POST, batches of requests, and
// incremental delivery in parts.
package httptransport

import (
	"net/http"

	"tributary/gateway/admission"
	"tributary/gateway/engine"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/fault"
)

// Handler answers requests according to the GraphQL-over-HTTP draft. It is safe for concurrent
// use.
type Handler struct {
	engine   *engine.Engine
	cfg      engine.Config
	operator func(*http.Request) bool
}

// New returns a handler for the operations of an engine. Operators get traces even if
// [engine.Config.Trace] is off; a nil operator means that there are none.
func New(e *engine.Engine, operator func(*http.Request) bool) *Handler {
	return &Handler{engine: e, cfg: e.Config(), operator: operator}
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept")
	accept := ParseAccept(r.Header)
	if accept.Media == "" && !accept.Multipart {
		writeError(w, MediaJSON, http.StatusNotAcceptable, "answers come as "+MediaGraphQL+" or "+MediaJSON)
		return
	}
	accept.Media = accept.MediaOr(MediaJSON) // for a response in parts that turns out to have one
	lease := h.engine.Lease()
	defer lease.Release()
	raw, bad := h.Read(w, r, &lease)
	if bad != nil {
		h.WriteBad(w, r, accept.Media, bad)
		return
	}
	if h.isBatch(raw.Body) {
		if bad := h.serveBatch(w, r, accept.Media, raw.Body, &lease); bad != nil {
			h.WriteBad(w, r, accept.Media, bad)
		}
		return
	}
	h.serveOne(w, r, accept, raw, &lease)
}

// serveOne answers a request for one operation: from the response cache if the same
// request was answered before, and by executing it otherwise.
func (h *Handler) serveOne(w http.ResponseWriter, r *http.Request, accept Accept, raw RawRequest, lease *admission.BodyLease) {
	trace, cost := h.wantsTrace(r), h.wantsCost(r)
	if !trace && !cost {
		if result := h.engine.LookupCached(r.Context(), raw.key()); result != nil {
			h.WriteResult(w, r, accept.Media, result)
			return
		}
	}
	req, bad := h.Decode(r.Context(), raw, lease)
	if bad != nil {
		h.WriteBad(w, r, accept.Media, bad)
		return
	}
	req.Trace, req.Cost = trace, cost
	if !accept.Multipart {
		h.WriteResult(w, r, accept.Media, h.engine.Execute(r.Context(), req.Request))
		return
	}
	parts := newMultipartWriter(w, trace || cost)
	req.Incremental = parts.incremental()
	result := h.engine.Execute(r.Context(), req.Request)
	if result.Sent {
		parts.end(result)
		return
	}
	h.WriteResult(w, r, accept.Media, result)
}

// The request headers, of any non-empty value, by which a client asks for a trace of its
// operation, or for its cost. They are ignored unless the settings permit that; operators get
// traces always.
const (
	TraceHeader = "Tributary-Trace"
	CostHeader  = "Tributary-Cost"
)

func (h *Handler) wantsTrace(r *http.Request) bool {
	return r.Header.Get(TraceHeader) != "" && (h.cfg.Trace || (h.operator != nil && h.operator(r)))
}

func (h *Handler) wantsCost(r *http.Request) bool {
	return h.cfg.Cost && r.Header.Get(CostHeader) != ""
}

// Refuse answers 403 with the reason, which the client sees, without reading the request.
func (h *Handler) Refuse(w http.ResponseWriter, r *http.Request, reason error) {
	w.Header().Add("Vary", "Accept, Origin, Sec-Fetch-Site")
	writeError(w, ParseAccept(r.Header).MediaOr(MediaJSON), http.StatusForbidden, reason.Error())
}

// RefuseFault answers with the code and the HTTP status of an error, whatever the media type,
// without reading the request.
func (h *Handler) RefuseFault(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.FromContext(r.Context(), err)
	w.Header().Add("Vary", "Accept")
	write(w, r, ParseAccept(r.Header).MediaOr(MediaJSON), f.Kind.HTTPStatus(), engine.Refused(refusal.From(f)))
}

// RefuseHeader answers 431 with the reason, for a request with a header that is too long.
func (h *Handler) RefuseHeader(w http.ResponseWriter, r *http.Request, reason error) {
	w.Header().Add("Vary", "Accept")
	writeError(w, ParseAccept(r.Header).MediaOr(MediaJSON), http.StatusRequestHeaderFieldsTooLarge, reason.Error())
}
