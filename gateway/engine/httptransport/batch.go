package httptransport

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

	"tributary/gateway/admission"
	"tributary/gateway/engine"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/entitycache"
	"tributary/gateway/fault"
	"tributary/gateway/internal/strictjson"
)

// isBatch reports whether a body is a batch of requests, and batches are enabled.
func (h *Handler) isBatch(body []byte) bool {
	return h.cfg.Batching > 0 && bytes.HasPrefix(bytes.TrimSpace(body), []byte("["))
}

// serveBatch answers a batch of requests with their results, in the same order, as in the
// draft's appendix on request batching. Requests are executed in parallel, and refused
// individually. The status is 200 whatever the results. A BadRequest is returned if the
// batch itself is refused.
func (h *Handler) serveBatch(w http.ResponseWriter, r *http.Request, media string, body []byte, lease *admission.BodyLease) *BadRequest {
	if bad := h.admitValues(r.Context(), lease, body); bad != nil {
		return bad
	}
	list, err := strictjson.Elements(body)
	if err != nil || len(list) == 0 {
		return badRequest("the body must be a JSON object, or a list of some")
	}
	if len(list) > h.cfg.Batching {
		return badRequest(fmt.Sprintf("the list has %d requests, more than %d", len(list), h.cfg.Batching))
	}
	session := entitycache.SessionOf(r.Context())
	if session == nil {
		var ctx context.Context
		ctx, session = entitycache.WithSession(r.Context(), "")
		r = r.WithContext(ctx)
	}
	answers := h.executeBatch(r, list)
	header := w.Header()
	header.Set("Content-Type", media+"; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	if seen := session.Seen(); seen != "" {
		header.Set(SeenHeader, seen)
	}
	size := len("[]\n") + len(answers) - 1
	for _, a := range answers {
		size += a.Size()
	}
	header.Set("Content-Length", strconv.Itoa(size))
	if fault.ClientGone(r.Context()) {
		w.WriteHeader(fault.Canceled.HTTPStatus())
	}
	for i, a := range answers {
		_, _ = io.WriteString(w, "[,"[min(i, 1):min(i, 1)+1])
		_ = a.Write(w) // if it fails the client has gone
	}
	_, _ = io.WriteString(w, "]\n")
	return nil
}

// executeBatch returns the answers to the requests of a batch. Those that are too long together
// are refused: of queries first, whose answers can be had again, and of mutations with their
// outcome.
func (h *Handler) executeBatch(r *http.Request, list []json.RawMessage) []engine.Chunks {
	limits := h.engine.Limits()
	answers, writes := make([]engine.Chunks, len(list)), make([]fault.Outcome, len(list)) // "": of a query
	lengths := make([]int64, len(list))                                                   // 0: refused
	var all sync.WaitGroup
	var sum, ofMutations atomic.Int64
	refuse := func(i int) {
		refused := engine.Refused(limits.ResponseTooLong())
		if writes[i] != "" {
			refused = refused.WithOutcome(writes[i])
		}
		answers[i], lengths[i] = refused.Response().Line(), 0
	}
	for i, one := range list {
		all.Go(func() {
			result := h.executeBatched(r, one, i)
			answers[i], writes[i] = result.Response().Line(), result.Writes
			lengths[i] = int64(answers[i].Size())
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

// executeBatched returns the result of one request of a batch. It recovers from panics, which
// would end the process, because it runs on a goroutine of its own.
func (h *Handler) executeBatched(r *http.Request, body []byte, index int) (result *engine.Result) {
	defer func() {
		if v := recover(); v != nil {
			result = h.engine.Panicked(r.Context(), v)
		}
	}()
	raw := RawRequest{Body: body, sender: senderOf(r)}
	raw.sender.Index = index
	if result := h.engine.LookupCached(r.Context(), raw.key()); result != nil {
		return result
	}
	req, bad := h.Decode(r.Context(), raw, nil) // the values of all have been admitted together
	if bad != nil {
		return h.engine.Refuse(r.Context(), refusal.Of(fault.BadUserInput, bad.Message))
	}
	return h.engine.Execute(r.Context(), req.Request)
}
