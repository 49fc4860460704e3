package graphqlserver

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
	"tributary/gateway/httpserver"
	"tributary/gateway/responsecache"
)

// badRequest is the reason for which a request is refused before its document is looked at.
type badRequest struct {
	status  int
	message string
	result  *Result // takes the place of both if the code is not BAD_USER_INPUT
}

// rawRequest is a request as the client sent it.
type rawRequest struct {
	get      bool
	document string // the document id in the path, or ""
	query    string // the query string of a GET
	body     []byte // the body of a POST
	sender
	index int // in a batch
}

// key is equal for requests that are identical byte for byte.
func (r rawRequest) key() responsecache.Key {
	switch {
	case r.document != "":
		return responsecache.NewKey("DOC", fmt.Appendf(nil, "%v %q %q %q", r.get, r.document, r.query, r.body))
	case r.get:
		return responsecache.NewKey("GET", []byte(r.query))
	}
	return responsecache.NewKey("POST", r.body)
}

// decode decodes a request, except for its variables. Its values are counted before that, and
// take memory of lease, unless that is nil because they have been admitted already.
func (s *Server) decode(ctx context.Context, r rawRequest, lease *admission.BodyLease) (req *Request, bad *badRequest) {
	if r.get {
		req, bad = s.decodeQuery(ctx, r.query, lease)
	} else {
		req, bad = s.decodeBody(ctx, r.body, lease)
	}
	if bad != nil {
		return nil, bad
	}
	if r.document != "" {
		req.DocumentID = r.document
	}
	req.Fingerprint, req.sender, req.index = r.key(), r.sender, r.index
	if bad := req.wellFormed(); bad != nil {
		return nil, bad
	}
	return req, nil
}

// documentParam is the name of the document id in the pattern of its route.
const documentParam = "document"

// read reads the text of a request into memory of lease.
func (s *Server) read(w http.ResponseWriter, r *http.Request, lease *admission.BodyLease) (rawRequest, *badRequest) {
	req := rawRequest{document: httpserver.PathParam(r, documentParam), sender: senderOf(r)}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		req.get, req.query = true, r.URL.RawQuery
		return req, nil
	case http.MethodPost:
		var bad *badRequest
		req.body, bad = s.readBody(w, r, lease)
		return req, bad
	}
	w.Header().Set("Allow", "GET, HEAD, POST")
	return req, &badRequest{status: http.StatusMethodNotAllowed, message: "send GraphQL by GET or POST"}
}

func (s *Server) decodeQuery(ctx context.Context, query string, lease *admission.BodyLease) (*Request, *badRequest) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return nil, &badRequest{status: http.StatusBadRequest, message: "the query string is malformed"}
	}
	for _, name := range []string{"query", "documentId", "operationName", "variables", "extensions"} {
		if len(q[name]) > 1 {
			return nil, &badRequest{status: http.StatusBadRequest, message: name + " is given more than once"}
		}
	}
	req := &Request{
		Query: q.Get("query"), DocumentID: q.Get("documentId"), OperationName: q.Get("operationName"), ReadOnly: true,
	}
	variables, extensions := []byte(q.Get("variables")), []byte(q.Get("extensions"))
	if !utf8.Valid(variables) {
		return nil, &badRequest{status: http.StatusBadRequest, message: "variables must be UTF-8"}
	}
	if bad := s.admitValues(ctx, lease, variables, extensions); bad != nil {
		return nil, bad
	}
	if bad := req.readVariables(variables); bad != nil {
		return nil, bad
	}
	if len(extensions) > 0 {
		if bad := req.readExtensions(extensions); bad != nil {
			return nil, bad
		}
	}
	return req, nil
}

func (s *Server) readBody(w http.ResponseWriter, r *http.Request, lease *admission.BodyLease) ([]byte, *badRequest) {
	if said := r.Header.Get("Content-Type"); said != mediaJSON { // as most say it
		media, params, err := mime.ParseMediaType(said)
		if err != nil || media != mediaJSON {
			return nil, &badRequest{status: http.StatusUnsupportedMediaType, message: "send the request as " + mediaJSON}
		}
		if charset, ok := params["charset"]; ok && !isUTF8(charset) {
			return nil, &badRequest{status: http.StatusUnsupportedMediaType, message: "send the request in UTF-8"}
		}
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, &badRequest{status: http.StatusUnsupportedMediaType, message: "send the request as it is, without Content-Encoding"}
	}
	limits := s.current.Load().limits
	body, err := httpserver.ReadBody(w, r, limits.Body, lease)
	if err != nil {
		return nil, s.unread(r.Context(), limits, err)
	}
	return body, nil
}

// unread returns the refusal of a request that could not be read, or not be decoded for lack
// of memory.
func (s *Server) unread(ctx context.Context, limits *limiter, err error) *badRequest {
	f, refused := errors.AsType[*fault.Error](err)
	switch {
	case refused:
		return &badRequest{result: s.observeRefused(ctx, Request{}, refuseOne(f.Kind, f.Public()))}
	case errors.Is(err, httpserver.ErrBodyTooLong):
		limits.hits.WithLabelValues(limitBody).Inc()
		return &badRequest{status: http.StatusRequestEntityTooLarge, message: fmt.Sprintf("the body has more than %d bytes", limits.Body)}
	case errors.Is(err, httpserver.ErrBodyTooSlow), errors.Is(err, context.DeadlineExceeded):
		return &badRequest{status: http.StatusRequestTimeout, message: "the body took too long"}
	}
	return &badRequest{status: http.StatusBadRequest, message: "the body could not be read"}
}

// byteOrderMark may stand before JSON, where it means nothing (RFC 8259, section 8.1).
const byteOrderMark = "\ufeff"

func (s *Server) decodeBody(ctx context.Context, text []byte, lease *admission.BodyLease) (*Request, *badRequest) {
	if !utf8.Valid(text) {
		return nil, &badRequest{status: http.StatusBadRequest, message: "the body must be UTF-8"}
	}
	body := bytes.TrimSpace(bytes.TrimPrefix(text, []byte(byteOrderMark)))
	if len(body) > 0 && body[0] == '[' {
		return nil, &badRequest{status: http.StatusBadRequest, message: "send one request at a time: lists of requests are not supported"}
	}
	if bad := s.admitValues(ctx, lease, body); bad != nil {
		return nil, bad
	}
	req := &Request{}
	var bad *badRequest
	err := eachMember(body, func(name []byte, value json.RawMessage) { bad = cmp.Or(bad, req.readMember(name, value)) })
	switch { // by name only: the body may hold secrets
	case errors.Is(err, errNoObject):
		return nil, &badRequest{status: http.StatusBadRequest, message: "the body must be a JSON object"}
	case err != nil:
		return nil, &badRequest{status: http.StatusBadRequest, message: "the body has " + err.Error()}
	case bad != nil:
		return nil, bad
	}
	return req, nil
}

// readMember decodes a member of a body. Members without a meaning are ignored.
func (req *Request) readMember(name []byte, value json.RawMessage) *badRequest {
	var into *string
	switch string(name) {
	case "query":
		into = &req.Query
	case "documentId":
		into = &req.DocumentID
	case "operationName":
		into = &req.OperationName
	case "variables":
		return req.readVariables(value)
	case "extensions":
		return req.readExtensions(value)
	default:
		return nil
	}
	if err := json.Unmarshal(value, into); err != nil {
		return &badRequest{status: http.StatusBadRequest, message: string(name) + " must be a string"}
	}
	return nil
}

// wellFormed sees that a request says which document it means.
func (req *Request) wellFormed() *badRequest {
	switch {
	case req.Query == "" && req.DocumentID == "" && req.SHA256 == "":
		return &badRequest{status: http.StatusBadRequest, message: "query is missing"}
	case req.Query != "" && req.DocumentID != "":
		return &badRequest{status: http.StatusBadRequest, message: "send either query or documentId"}
	case !utf8.ValidString(req.Query):
		return &badRequest{status: http.StatusBadRequest, message: "query must be UTF-8"}
	}
	return nil
}
