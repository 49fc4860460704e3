package graphqlserver

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// statusPartialSuccess is the code that the GraphQL-over-HTTP draft
// recommends for data with errors.
const statusPartialSuccess = 294

// ServeHTTP answers GET and POST as the GraphQL-over-HTTP draft says.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Add("Vary", "Accept")
	media := negotiate(r.Header)
	if media == "" {
		s.writeError(w, mediaJSON, http.StatusNotAcceptable, fault.BadUserInput,
			"answers come as "+mediaGraphQL+" or "+mediaJSON)
		return
	}
	req, bad := s.read(w, r)
	if bad != nil {
		s.writeError(w, media, bad.status, fault.BadUserInput, bad.message)
		return
	}
	result := s.serve(r.Context(), *req)
	if result.mutation {
		w.Header().Set("Allow", http.MethodPost)
	}
	if result.Overloaded() {
		w.Header().Set("Retry-After", admission.RetryAfter)
	}
	s.write(w, media, status(media, result), result)
}

// Refuse answers 403 to a request that is not to be looked at, for a reason
// that the client may read.
func (s *Server) Refuse(w http.ResponseWriter, r *http.Request, reason error) {
	media := cmp.Or(negotiate(r.Header), mediaJSON)
	w.Header().Add("Vary", "Accept, Origin, Sec-Fetch-Site")
	s.writeError(w, media, http.StatusForbidden, fault.BadUserInput, reason.Error())
}

// status is the honest code of a result, or 200 for clients who take nothing else.
func status(media string, r *Result) int {
	switch {
	case r.mutation:
		return http.StatusMethodNotAllowed
	case r.Overloaded(): // whatever the media type: load balancers must see it, and nothing was executed
		return r.refused.HTTPStatus()
	case r.malformed:
		return http.StatusBadRequest
	case media == mediaJSON:
		return http.StatusOK
	case r.Data == nil && r.refused == fault.BadUserInput:
		return http.StatusUnprocessableEntity // the request is well-formed, its variables don't fit
	case r.Data == nil:
		return r.refused.HTTPStatus()
	case len(r.Errors) > 0:
		return statusPartialSuccess
	}
	return http.StatusOK
}

// badRequest is a request that is not well-formed.
type badRequest struct {
	status  int
	message string
}

func (s *Server) read(w http.ResponseWriter, r *http.Request) (*Request, *badRequest) {
	var req *Request
	var bad *badRequest
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		req, bad = readQuery(r)
	case http.MethodPost:
		req, bad = s.readBody(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		return nil, &badRequest{http.StatusMethodNotAllowed, "send GraphQL by GET or POST"}
	}
	if bad != nil {
		return nil, bad
	}
	if id := r.PathValue(documentPathValue); id != "" { // the address names the document: /graphql/{id}
		req.DocumentID = id
	}
	if bad := req.wellFormed(); bad != nil {
		return nil, bad
	}
	return req, nil
}

// documentPathValue is the name that a route gives to the document's id in its pattern.
const documentPathValue = "document"

func readQuery(r *http.Request) (*Request, *badRequest) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &badRequest{http.StatusBadRequest, "the query string is malformed"}
	}
	req := &Request{
		Query: q.Get("query"), DocumentID: q.Get("documentId"), OperationName: q.Get("operationName"), ReadOnly: true,
	}
	if v := q.Get("variables"); v != "" {
		if err := decodeJSON(strings.NewReader(v), &req.Variables); err != nil || !utf8.ValidString(v) {
			return nil, &badRequest{http.StatusBadRequest, "variables must be a JSON object"}
		}
	}
	if v := q.Get("extensions"); v != "" {
		if bad := req.readExtensions([]byte(v)); bad != nil {
			return nil, bad
		}
	}
	return req, nil
}

func (s *Server) readBody(w http.ResponseWriter, r *http.Request) (*Request, *badRequest) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != mediaJSON {
		return nil, &badRequest{http.StatusUnsupportedMediaType, "send the request as " + mediaJSON}
	}
	if charset, ok := params["charset"]; ok && !isUTF8(charset) {
		return nil, &badRequest{http.StatusUnsupportedMediaType, "send the request in UTF-8"}
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, &badRequest{http.StatusUnsupportedMediaType, "send the request as it is, without Content-Encoding"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(s.limits.Body)))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		s.limits.hits.WithLabelValues(limitBody).Inc()
		return nil, &badRequest{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", s.limits.Body)}
	}
	if err != nil {
		return nil, &badRequest{http.StatusBadRequest, "the body could not be read"}
	}
	if !utf8.Valid(body) {
		return nil, &badRequest{http.StatusBadRequest, "the body must be UTF-8"}
	}
	return decode(body)
}

// byteOrderMark may stand before JSON, where it means nothing (RFC 8259, section 8.1).
const byteOrderMark = "\ufeff"

// decode reads the body of a request.
func decode(body []byte) (*Request, *badRequest) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte(byteOrderMark)))
	if len(body) > 0 && body[0] == '[' {
		return nil, &badRequest{http.StatusBadRequest, "send one request at a time: lists of requests are not supported"}
	}
	// What is wrong is told by name only: the body may hold secrets.
	var fields struct {
		Query         json.RawMessage `json:"query"`
		DocumentID    json.RawMessage `json:"documentId"`
		OperationName json.RawMessage `json:"operationName"`
		Variables     json.RawMessage `json:"variables"`
		Extensions    json.RawMessage `json:"extensions"`
	}
	if err := decodeJSON(bytes.NewReader(body), &fields); err != nil || len(body) == 0 || body[0] != '{' {
		return nil, &badRequest{http.StatusBadRequest, "the body must be a JSON object"}
	}
	req := &Request{}
	for _, f := range []struct {
		name, want string
		raw        json.RawMessage
		into       any
	}{
		{"query", "a string", fields.Query, &req.Query},
		{"documentId", "a string", fields.DocumentID, &req.DocumentID},
		{"operationName", "a string", fields.OperationName, &req.OperationName},
		{"variables", "an object", fields.Variables, &req.Variables},
	} {
		if f.raw == nil {
			continue
		}
		if err := decodeJSON(bytes.NewReader(f.raw), f.into); err != nil {
			return nil, &badRequest{http.StatusBadRequest, f.name + " must be " + f.want}
		}
	}
	if fields.Extensions != nil {
		if bad := req.readExtensions(fields.Extensions); bad != nil {
			return nil, bad
		}
	}
	return req, nil
}

// wellFormed sees that a request says which document it means.
func (req *Request) wellFormed() *badRequest {
	switch {
	case req.Query == "" && req.DocumentID == "" && req.SHA256 == "":
		return &badRequest{http.StatusBadRequest, "query is missing"}
	case req.Query != "" && req.DocumentID != "":
		return &badRequest{http.StatusBadRequest, "send either query or documentId"}
	case !utf8.ValidString(req.Query):
		return &badRequest{http.StatusBadRequest, "query must be UTF-8"}
	}
	return nil
}

// decodeJSON decodes one value that nothing follows, numbers by their digits.
func decodeJSON(r io.Reader, into any) error {
	d := json.NewDecoder(r)
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}

func (s *Server) writeError(w http.ResponseWriter, media string, status int, kind fault.Kind, message string) {
	s.write(w, media, status, &Result{Errors: gqlerror.List{coded(kind, message)}})
}

func (s *Server) write(w http.ResponseWriter, media string, status int, r *Result) {
	outcome := "complete"
	switch {
	case r.Data == nil:
		outcome = "refused"
	case len(r.Errors) > 0:
		outcome = "partial"
	}
	s.metrics.operations.WithLabelValues(outcome).Inc()
	h := w.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	if timing := r.Summary.ServerTiming(); timing != "" {
		h.Set("Server-Timing", timing)
	}
	body := encode(r)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// encode writes a result as a GraphQL response. The data are JSON already and
// are copied as they are.
func encode(r *Result) []byte {
	var b bytes.Buffer
	b.Grow(len(r.Data) + 64)
	b.WriteByte('{')
	if len(r.Errors) > 0 {
		b.WriteString(`"errors":`)
		writeJSON(&b, r.Errors)
	}
	if r.Data != nil {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(`"data":`)
		b.Write(r.Data)
	}
	if len(r.Summary.Degraded) > 0 {
		b.WriteString(`,"extensions":`)
		writeJSON(&b, struct {
			Degraded []report.Part `json:"degraded"`
		}{r.Summary.Degraded})
	}
	b.WriteString("}\n")
	return b.Bytes()
}

func writeJSON(b *bytes.Buffer, v any) {
	j, err := json.Marshal(v)
	if err != nil { // errors and parts hold strings and numbers
		panic(err)
	}
	b.Write(j)
}
