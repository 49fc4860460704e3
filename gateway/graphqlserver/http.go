package graphqlserver

import (
	"cmp"
	"net/http"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
)

// statusPartialSuccess is the code that the GraphQL-over-HTTP draft
// recommends for data with errors.
const statusPartialSuccess = 294

// ServeHTTP answers GET and POST requests according to the GraphQL-over-HTTP draft.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept")
	media, inParts := negotiate(r.Header), takesParts(r.Header)
	if media == "" && inParts {
		media = mediaJSON // for what has one part
	}
	if media == "" {
		s.writeError(w, mediaJSON, http.StatusNotAcceptable,
			"answers come as "+mediaGraphQL+" or "+mediaJSON)
		return
	}
	lease := s.bodies.Lease()
	defer lease.Release()
	raw, bad := s.read(w, r, &lease)
	if bad != nil {
		s.writeBad(w, r, media, bad)
		return
	}
	if s.isList(raw.body) {
		if bad := s.serveList(w, r, media, raw.body, &lease); bad != nil {
			s.writeBad(w, r, media, bad)
		}
		return
	}
	s.serveOne(w, r, media, raw, inParts, &lease)
}

// serveOne answers a request for one operation: from the response cache if the same
// request was answered before, and by executing it otherwise.
func (s *Server) serveOne(w http.ResponseWriter, r *http.Request, media string, raw rawRequest, inParts bool, lease *admission.BodyLease) {
	traced, priced := s.wantsTrace(r), s.wantsCost(r)
	var result *Result
	var answer *parts // nil unless the client takes one
	if !traced && !priced {
		result = s.Recall(r.Context(), raw.key())
	}
	if result == nil {
		req, bad := s.decode(r.Context(), raw, lease)
		if bad != nil {
			s.writeBad(w, r, media, bad)
			return
		}
		req.Trace, req.Cost = traced, priced
		if inParts {
			answer = partsTo(w, traced || priced)
			req.inParts = answer
		}
		result = s.serve(r.Context(), *req)
	}
	if result.sent {
		answer.end(result)
		return
	}
	s.writeResult(w, r, media, result)
}

// writeBad answers a request that is refused before its document is looked at.
func (s *Server) writeBad(w http.ResponseWriter, r *http.Request, media string, bad *badRequest) {
	if bad.result != nil {
		s.writeResult(w, r, media, bad.result)
		return
	}
	s.writeError(w, media, bad.status, bad.message)
}

// writeResult answers with a result, and the status and the headers that belong to it.
func (s *Server) writeResult(w http.ResponseWriter, r *http.Request, media string, result *Result) {
	if result.mutation {
		w.Header().Set("Allow", http.MethodPost)
	}
	if result.Overload() != nil {
		w.Header().Set("Retry-After", admission.RetryAfter)
	}
	s.write(w, r, media, status(media, result), result)
}

// Refuse answers 403 with the reason, which the client sees, without reading the request.
func (s *Server) Refuse(w http.ResponseWriter, r *http.Request, reason error) {
	media := cmp.Or(negotiate(r.Header), mediaJSON)
	w.Header().Add("Vary", "Accept, Origin, Sec-Fetch-Site")
	s.writeError(w, media, http.StatusForbidden, reason.Error())
}

// RefuseFault answers with the code and the HTTP status of an error, whatever the media type,
// without reading the request.
func (s *Server) RefuseFault(w http.ResponseWriter, r *http.Request, err error) {
	f := fault.In(r.Context(), err)
	w.Header().Add("Vary", "Accept")
	s.write(w, r, cmp.Or(negotiate(r.Header), mediaJSON), f.Kind.HTTPStatus(), refuseOne(f.Kind, f.Public()))
}

// RefuseHeader answers 431 with the reason, for a request with a header that is too long.
func (s *Server) RefuseHeader(w http.ResponseWriter, r *http.Request, reason error) {
	w.Header().Add("Vary", "Accept")
	s.writeError(w, cmp.Or(negotiate(r.Header), mediaJSON), http.StatusRequestHeaderFieldsTooLarge, reason.Error())
}

// status is the honest code of a result, or 200 for clients who take nothing else.
func status(media string, r *Result) int {
	switch {
	case r.mutation:
		return http.StatusMethodNotAllowed
	case r.Overload() != nil, // whatever the media type: load balancers must see it, and nothing was executed
		r.Canceled(): // and the log
		return r.refused.HTTPStatus()
	case r.malformed:
		return http.StatusBadRequest
	case media == mediaJSON:
		return http.StatusOK
	case r.Data == nil && r.refused == fault.BadUserInput:
		return http.StatusUnprocessableEntity // the request is well-formed, its variables don't fit
	case r.Data == nil && r.writes == fault.OutcomeUnknown && (r.refused == fault.Overloaded || r.refused == fault.Throttled):
		return http.StatusInternalServerError // theirs would invite to repeat it
	case r.Data == nil:
		return r.refused.HTTPStatus()
	case len(r.Errors) > 0:
		return statusPartialSuccess
	}
	return http.StatusOK
}
