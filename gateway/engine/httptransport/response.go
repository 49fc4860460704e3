package httptransport

import (
	"net/http"
	"strconv"
	"time"

	"tributary/gateway/admission"
	"tributary/gateway/engine"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/fault"
	"tributary/gateway/httpserver"
	"tributary/gateway/responsecache"
)

// WriteBad answers a request that is refused before its document is looked at.
func (h *Handler) WriteBad(w http.ResponseWriter, r *http.Request, media string, bad *BadRequest) {
	if bad.Result != nil {
		h.WriteResult(w, r, media, bad.Result)
		return
	}
	writeError(w, media, bad.status, bad.Message)
}

// WriteResult answers with a result, and the status and the headers that belong to it.
func (h *Handler) WriteResult(w http.ResponseWriter, r *http.Request, media string, result *engine.Result) {
	if result.Refused != nil && result.Refused.MethodInvalid {
		w.Header().Set("Allow", http.MethodPost)
	}
	if result.Overload() != nil {
		w.Header().Set("Retry-After", admission.RetryAfter)
	}
	write(w, r, media, Status(media, result), result)
}

// WriteOverload answers 503 for a reason, whatever the media type.
func WriteOverload(w http.ResponseWriter, r *http.Request, reason string) {
	w.Header().Set("Retry-After", admission.RetryAfter)
	write(w, r, ParseAccept(r.Header).MediaOr(MediaJSON), http.StatusServiceUnavailable, engine.Refused(refusal.Of(fault.Overloaded, reason)))
}

// statusPartialSuccess is the code that the GraphQL-over-HTTP draft
// recommends for data with errors.
const statusPartialSuccess = 294

// Status returns the honest status of a result, or 200 for clients that know nothing else.
func Status(media string, r *engine.Result) int {
	switch why := r.Refused; {
	case r.Data == nil && why.MethodInvalid:
		return http.StatusMethodNotAllowed
	case r.Overload() != nil, // whatever the media type: load balancers must see it, and nothing was executed
		r.Canceled(): // and the log
		return why.Kind.HTTPStatus()
	case r.Data == nil && why.Malformed:
		return http.StatusBadRequest
	case media == MediaJSON:
		return http.StatusOK
	case r.Data == nil && why.Kind == fault.BadUserInput:
		return http.StatusUnprocessableEntity // the request is well-formed, its variables don't fit
	case r.StoppedAfterWrite():
		return http.StatusInternalServerError // the status of the refusal would invite to repeat it
	case r.Data == nil:
		return why.Kind.HTTPStatus()
	case len(r.Errors) > 0:
		return statusPartialSuccess
	}
	return http.StatusOK
}

func writeError(w http.ResponseWriter, media string, status int, message string) {
	h := w.Header()
	h.Set("Content-Type", contentType(media))
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = engine.Refused(refusal.Of(fault.BadUserInput, message)).Response().Write(w) // if it fails the client has gone
}

// write answers with a result, or with 304 if the client has it.
func write(w http.ResponseWriter, r *http.Request, media string, status int, result *engine.Result) {
	h, get := w.Header(), r.Method != http.MethodPost
	SetSeen(h, result)
	if timing := result.Summary.ServerTiming(); timing != "" {
		h.Set("Server-Timing", timing)
	}
	if result.VariesByViewer() {
		h.Add("Vary", "Authorization")
	}
	var fields httpserver.Fields
	now, body := time.Now(), result.CachedBody()
	if result.Data != nil {
		var value [64]byte
		fields.Add("Cache-Status", result.AppendCacheStatus(value[:0], now))
	}
	responsecache.AddHeaders(&fields, get, &result.Summary, body, now)
	fields.Set(h)
	if get && body != nil {
		VaryBySeen(h)
		tag := body.ETag(tagSuffix(media))
		h.Set("Etag", tag)
		if httpserver.Unmodified(r, tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Type", contentType(media))
	if body != nil {
		body.Write(w, r, status)
		return
	}
	response := result.Response()
	h.Set("Content-Length", strconv.Itoa(response.Size()))
	w.WriteHeader(status)
	_ = response.Write(w) // if it fails the client has gone
}

// tagSuffix tells the media types of one body apart, in ETags.
func tagSuffix(media string) string {
	if media == MediaGraphQL {
		return "-graphql"
	}
	return ""
}
