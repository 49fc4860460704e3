package graphqlserver

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/fault"
)

// isList tells whether a body is a list of requests, of which some are allowed.
func (s *Server) isList(body []byte) bool {
	return s.cfg.Batching > 0 && bytes.HasPrefix(bytes.TrimSpace(body), []byte("["))
}

// serveList answers a list of requests with the list of their results, in their
// order, as the draft's appendix on request batching has it: each is executed
// beside the others as if it had come alone, and is refused alone. The status is
// 200 whatever they get. There is a reason when the list itself is refused.
func (s *Server) serveList(w http.ResponseWriter, r *http.Request, media string, body []byte) *badRequest {
	var list []json.RawMessage
	if err := decodeJSON(body, &list); err != nil || len(list) == 0 {
		return &badRequest{http.StatusBadRequest, "the body must be a JSON object, or a list of some"}
	}
	if len(list) > s.cfg.Batching {
		return &badRequest{http.StatusBadRequest, fmt.Sprintf("the list has %d requests, more than %d", len(list), s.cfg.Batching)}
	}
	bodies := make([][]byte, len(list))
	var all sync.WaitGroup
	for i, one := range list {
		all.Go(func() { bodies[i] = bytes.TrimSpace(s.resultOf(r, rawRequest{body: one})) })
	}
	all.Wait()
	answer := append(append([]byte("["), bytes.Join(bodies, []byte(","))...), "]\n"...)
	h := w.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(answer)))
	if fault.Left(r.Context()) {
		w.WriteHeader(fault.Canceled.HTTPStatus())
	}
	_, _ = w.Write(answer)
	return nil
}

// resultOf is the result of one request of a list. It is made in a goroutine of
// its own, where a panic would end the process.
func (s *Server) resultOf(r *http.Request, raw rawRequest) (text []byte) {
	defer func() {
		if v := recover(); v != nil {
			text = s.broken(r.Context(), v).text()
		}
	}()
	result := s.Recall(r.Context(), raw.key())
	if result == nil {
		req, bad := raw.decode()
		if bad != nil {
			result = s.observeRefused(r.Context(), &Result{Errors: gqlerror.List{coded(fault.BadUserInput, bad.message)}})
		} else {
			result = s.serve(r.Context(), *req)
		}
	}
	return result.text()
}

// text is a result as a GraphQL response.
func (r *Result) text() []byte {
	if r.kept != nil {
		return r.kept.body.Bytes()
	}
	return encode(r)
}
