package graphqlserver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/admission"
	"tributary/gateway/cache"
	"tributary/gateway/fault"
)

// isList reports whether a body is a batch of requests, and batches are enabled.
func (s *Server) isList(body []byte) bool {
	return s.cfg.Batching > 0 && bytes.HasPrefix(bytes.TrimSpace(body), []byte("["))
}

// serveList answers a batch of requests with their results, in the same order, as in the
// draft's appendix on request batching. Requests are executed in parallel, and refused
// individually. The status is 200 whatever the results. A badRequest is returned if the
// batch itself is refused.
func (s *Server) serveList(w http.ResponseWriter, r *http.Request, media string, body []byte, lease *admission.BodyLease) *badRequest {
	if bad := s.admitValues(r.Context(), lease, body); bad != nil {
		return bad
	}
	list, err := elements(body)
	if err != nil || len(list) == 0 {
		return &badRequest{status: http.StatusBadRequest, message: "the body must be a JSON object, or a list of some"}
	}
	if len(list) > s.cfg.Batching {
		return &badRequest{status: http.StatusBadRequest, message: fmt.Sprintf("the list has %d requests, more than %d", len(list), s.cfg.Batching)}
	}
	session := cache.SessionOf(r.Context())
	if session == nil {
		var ctx context.Context
		ctx, session = cache.WithSession(r.Context(), "")
		r = r.WithContext(ctx)
	}
	answers := s.answersOf(r, list)
	h := w.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if seen := session.Seen(); seen != "" {
		h.Set(SeenHeader, seen)
	}
	size := len("[]\n") + len(answers) - 1
	for _, a := range answers {
		size += a.size()
	}
	h.Set("Content-Length", strconv.Itoa(size))
	if fault.Left(r.Context()) {
		w.WriteHeader(fault.Canceled.HTTPStatus())
	}
	for i, a := range answers {
		_, _ = io.WriteString(w, "[,"[min(i, 1):min(i, 1)+1])
		_ = a.writeTo(w) // if it fails the client has gone
	}
	_, _ = io.WriteString(w, "]\n")
	return nil
}

// answersOf returns the answers to the requests of a batch. Those that are too long together
// are refused: of queries first, whose answers can be had again, and of mutations with their
// outcome.
func (s *Server) answersOf(r *http.Request, list []json.RawMessage) []pieces {
	limits := s.current.Load().limits
	answers, writes := make([]pieces, len(list)), make([]fault.Outcome, len(list)) // "": of a query
	lengths := make([]int64, len(list))                                            // 0: refused
	var all sync.WaitGroup
	var sum, ofMutations atomic.Int64
	refuse := func(i int) {
		refused := limits.refuseAnswer()
		if writes[i] != "" {
			refused = withOutcome(refused, writes[i])
		}
		answers[i], lengths[i] = refused.pieces().line(), 0
	}
	for i, one := range list {
		all.Go(func() {
			result := s.resultOf(r, rawRequest{body: one, sender: senderOf(r), index: i})
			answers[i], writes[i] = result.pieces().line(), result.writes
			lengths[i] = int64(answers[i].size())
			total := sum.Add(lengths[i])
			if writes[i] != "" {
				total = ofMutations.Add(lengths[i])
			}
			if total > int64(limits.Response) {
				refuse(i)
			}
		})
	}
	all.Wait()
	var total int64
	for _, length := range lengths {
		total += length
	}
	for i := len(list) - 1; i >= 0 && total > int64(limits.Response); i-- {
		if writes[i] == "" {
			total -= lengths[i]
			refuse(i)
		}
	}
	return answers
}

// resultOf returns the result of one request of a batch. It recovers from panics, which
// would end the process, because it runs on a goroutine of its own.
func (s *Server) resultOf(r *http.Request, raw rawRequest) (result *Result) {
	defer func() {
		if v := recover(); v != nil {
			result = s.broken(r.Context(), v)
		}
	}()
	result = s.Recall(r.Context(), raw.key())
	if result == nil {
		req, bad := s.decode(r.Context(), raw, nil) // all have been admitted together
		if bad != nil {
			result = s.observeRefused(r.Context(), Request{}, &Result{Errors: gqlerror.List{coded(fault.BadUserInput, bad.message)}})
		} else {
			result = s.serve(r.Context(), *req)
		}
	}
	return result
}
