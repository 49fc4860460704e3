package httptransport

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"tributary/gateway/admission"
	"tributary/gateway/engine"
	"tributary/gateway/engine/limits"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/fault"
	"tributary/gateway/httpserver"
	"tributary/gateway/internal/strictjson"
	"tributary/gateway/responsecache"
)

// BadRequest is why a request is refused before its document is looked at. Its code is
// BAD_USER_INPUT unless it has a result.
type BadRequest struct {
	Message string
	Result  *engine.Result // takes the place of the message and the status, if the code is another

	status int
}

// badRequest returns the refusal of a request that is malformed.
func badRequest(message string) *BadRequest {
	return &BadRequest{status: http.StatusBadRequest, Message: message}
}

// RawRequest is a request as the client sent it.
type RawRequest struct {
	Body []byte // of a POST

	get      bool
	document string // the document id in the path, or ""
	query    string // the query string of a GET
	sender   engine.Sender
}

// key is equal for requests that are identical byte for byte.
func (r RawRequest) key() responsecache.Key {
	switch {
	case r.document != "":
		return responsecache.NewKey("DOC", fmt.Appendf(nil, "%v %q %q %q", r.get, r.document, r.query, r.Body))
	case r.get:
		return responsecache.NewKey("GET", []byte(r.query))
	}
	return responsecache.NewKey("POST", r.Body)
}

// documentParam is the name of the document id in the pattern of its route.
const documentParam = "document"

// Read reads the text of a request into memory of lease.
func (h *Handler) Read(w http.ResponseWriter, r *http.Request, lease *admission.BodyLease) (RawRequest, *BadRequest) {
	req := RawRequest{document: httpserver.PathParam(r, documentParam), sender: senderOf(r)}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		req.get, req.query = true, r.URL.RawQuery
		return req, nil
	case http.MethodPost:
		var bad *BadRequest
		req.Body, bad = h.readBody(w, r, lease)
		return req, bad
	}
	w.Header().Set("Allow", "GET, HEAD, POST")
	return req, &BadRequest{status: http.StatusMethodNotAllowed, Message: "send GraphQL by GET or POST"}
}

func (h *Handler) readBody(w http.ResponseWriter, r *http.Request, lease *admission.BodyLease) ([]byte, *BadRequest) {
	if said := r.Header.Get("Content-Type"); said != MediaJSON { // as most say it
		media, params, err := mime.ParseMediaType(said)
		if err != nil || media != MediaJSON {
			return nil, &BadRequest{status: http.StatusUnsupportedMediaType, Message: "send the request as " + MediaJSON}
		}
		if charset, ok := params["charset"]; ok && !isUTF8(charset) {
			return nil, &BadRequest{status: http.StatusUnsupportedMediaType, Message: "send the request in UTF-8"}
		}
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, &BadRequest{status: http.StatusUnsupportedMediaType, Message: "send the request as it is, without Content-Encoding"}
	}
	checker := h.engine.Limits()
	body, err := httpserver.ReadBody(w, r, checker.Body, lease)
	if err != nil {
		return nil, h.unread(r.Context(), checker, err)
	}
	return body, nil
}

// unread returns the refusal of a request that could not be read, or not be decoded for lack
// of memory.
func (h *Handler) unread(ctx context.Context, checker *limits.Checker, err error) *BadRequest {
	f, overloaded := errors.AsType[*fault.Error](err)
	switch {
	case overloaded:
		return &BadRequest{Result: h.engine.Refuse(ctx, refusal.From(f))}
	case errors.Is(err, httpserver.ErrBodyTooLong):
		checker.BodyTooLong()
		return &BadRequest{status: http.StatusRequestEntityTooLarge, Message: fmt.Sprintf("the body has more than %d bytes", checker.Body)}
	case errors.Is(err, httpserver.ErrBodyTooSlow), errors.Is(err, context.DeadlineExceeded):
		return &BadRequest{status: http.StatusRequestTimeout, Message: "the body took too long"}
	}
	return badRequest("the body could not be read")
}

// admitValues refuses a request whose JSON texts have more values together than the limit,
// and takes the memory that they need when they are decoded. Without a lease it does nothing.
// Texts that are not JSON pass: they are refused where they are read.
func (h *Handler) admitValues(ctx context.Context, lease *admission.BodyLease, texts ...[]byte) *BadRequest {
	if lease == nil {
		return nil
	}
	n := 0
	for _, text := range texts {
		n += strictjson.CountValues(text)
	}
	checker := h.engine.Limits()
	if n > checker.Values && slices.ContainsFunc(texts, strictjson.Malformed) {
		return nil
	}
	if why := checker.CheckValues(n); why != nil {
		return &BadRequest{Result: h.engine.Refuse(ctx, why)}
	}
	if err := lease.Take(ctx, n*limits.ValueBytes); err != nil {
		return h.unread(ctx, checker, err)
	}
	return nil
}
