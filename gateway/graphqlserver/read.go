package graphqlserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strings"
	"unicode/utf8"

	"tributary/gateway/cache"
	"tributary/gateway/httpserver"
)

// badRequest is a request that is not well-formed.
type badRequest struct {
	status  int
	message string
}

// rawRequest is a request as the client sent it.
type rawRequest struct {
	get      bool
	document string // the document id in the path, or ""
	query    string // the query string of a GET
	body     []byte // the body of a POST
}

// key is equal for requests that are identical byte for byte.
func (r rawRequest) key() cache.Key {
	switch {
	case r.document != "":
		return cache.KeyOf("DOC", fmt.Appendf(nil, "%v %q %q %q", r.get, r.document, r.query, r.body))
	case r.get:
		return cache.KeyOf("GET", []byte(r.query))
	}
	return cache.KeyOf("POST", r.body)
}

func (r rawRequest) decode() (*Request, *badRequest) {
	decode := r.decodeBody
	if r.get {
		decode = r.decodeQuery
	}
	req, bad := decode()
	if bad != nil {
		return nil, bad
	}
	if r.document != "" {
		req.DocumentID = r.document
	}
	req.Fingerprint = r.key()
	if bad := req.wellFormed(); bad != nil {
		return nil, bad
	}
	return req, nil
}

// documentParam is the name of the document id in the pattern of its route.
const documentParam = "document"

func (s *Server) read(w http.ResponseWriter, r *http.Request) (rawRequest, *badRequest) {
	req := rawRequest{document: httpserver.PathParam(r, documentParam)}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		req.get, req.query = true, r.URL.RawQuery
		return req, nil
	case http.MethodPost:
		var bad *badRequest
		req.body, bad = s.readBody(w, r)
		return req, bad
	}
	w.Header().Set("Allow", "GET, HEAD, POST")
	return req, &badRequest{http.StatusMethodNotAllowed, "send GraphQL by GET or POST"}
}

func (r rawRequest) decodeQuery() (*Request, *badRequest) {
	q, err := url.ParseQuery(r.query)
	if err != nil {
		return nil, &badRequest{http.StatusBadRequest, "the query string is malformed"}
	}
	for _, name := range []string{"query", "documentId", "operationName", "variables", "extensions"} {
		if len(q[name]) > 1 {
			return nil, &badRequest{http.StatusBadRequest, name + " is given more than once"}
		}
	}
	req := &Request{
		Query: q.Get("query"), DocumentID: q.Get("documentId"), OperationName: q.Get("operationName"), ReadOnly: true,
	}
	if v := q.Get("variables"); !utf8.ValidString(v) {
		return nil, &badRequest{http.StatusBadRequest, "variables must be UTF-8"}
	} else if bad := req.readVariables([]byte(v)); bad != nil {
		return nil, bad
	}
	if v := q.Get("extensions"); v != "" {
		if bad := req.readExtensions([]byte(v)); bad != nil {
			return nil, bad
		}
	}
	return req, nil
}

// roomAhead is how many bytes are allocated for a body in advance: a client may
// announce more than it ever sends.
const roomAhead = 16 << 10

func (s *Server) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *badRequest) {
	if said := r.Header.Get("Content-Type"); said != mediaJSON { // as most say it
		media, params, err := mime.ParseMediaType(said)
		if err != nil || media != mediaJSON {
			return nil, &badRequest{http.StatusUnsupportedMediaType, "send the request as " + mediaJSON}
		}
		if charset, ok := params["charset"]; ok && !isUTF8(charset) {
			return nil, &badRequest{http.StatusUnsupportedMediaType, "send the request in UTF-8"}
		}
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return nil, &badRequest{http.StatusUnsupportedMediaType, "send the request as it is, without Content-Encoding"}
	}
	longest := int64(s.limits.Body)
	var body bytes.Buffer
	body.Grow(int(min(max(0, r.ContentLength), longest, roomAhead)) + bytes.MinRead) // so that the end is read without growing
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, longest))
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		s.limits.hits.WithLabelValues(limitBody).Inc()
		return nil, &badRequest{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes", longest)}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil, &badRequest{http.StatusRequestTimeout, "the body took too long"}
	}
	if err != nil {
		return nil, &badRequest{http.StatusBadRequest, "the body could not be read"}
	}
	return body.Bytes(), nil
}

// byteOrderMark may stand before JSON, where it means nothing (RFC 8259, section 8.1).
const byteOrderMark = "\ufeff"

func (r rawRequest) decodeBody() (*Request, *badRequest) {
	if !utf8.Valid(r.body) {
		return nil, &badRequest{http.StatusBadRequest, "the body must be UTF-8"}
	}
	body := bytes.TrimSpace(bytes.TrimPrefix(r.body, []byte(byteOrderMark)))
	if len(body) > 0 && body[0] == '[' {
		return nil, &badRequest{http.StatusBadRequest, "send one request at a time: lists of requests are not supported"}
	}
	// What is wrong is told by name only: the body may hold secrets.
	fields, err := members(body)
	if errors.Is(err, errNoObject) {
		return nil, &badRequest{http.StatusBadRequest, "the body must be a JSON object"}
	}
	if err != nil {
		return nil, &badRequest{http.StatusBadRequest, "the body has " + err.Error()}
	}
	req := &Request{}
	for _, f := range []struct {
		name, want string
		into       any
	}{
		{"query", "a string", &req.Query},
		{"documentId", "a string", &req.DocumentID},
		{"operationName", "a string", &req.OperationName},
	} {
		raw, sent := fields[f.name]
		if !sent {
			continue
		}
		if err := decodeJSON(raw, f.into); err != nil {
			return nil, &badRequest{http.StatusBadRequest, f.name + " must be " + f.want}
		}
	}
	if bad := req.readVariables(fields["variables"]); bad != nil {
		return nil, bad
	}
	if raw, sent := fields["extensions"]; sent {
		if bad := req.readExtensions(raw); bad != nil {
			return nil, bad
		}
	}
	return req, nil
}

// readVariables reads an object in which no name stands twice; null and nothing
// are one without members.
func (req *Request) readVariables(raw []byte) *badRequest {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	fields, err := members(raw)
	if errors.Is(err, errNoObject) {
		return &badRequest{http.StatusBadRequest, "variables must be an object"}
	}
	if err != nil {
		return &badRequest{http.StatusBadRequest, "variables has " + err.Error()}
	}
	req.Variables = make(map[string]any, len(fields))
	for name, value := range fields {
		var v any
		if err := decodeJSON(value, &v); err != nil {
			return &badRequest{http.StatusBadRequest, "variables must be an object"}
		}
		req.Variables[name] = v
	}
	return nil
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
func decodeJSON(text []byte, into any) error {
	if len(text) > 0 && text[0] == '"' {
		return json.Unmarshal(text, into) // without numbers, and at a third of the cost
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("more than one value")
	}
	return nil
}
