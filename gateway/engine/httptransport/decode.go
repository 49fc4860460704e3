package httptransport

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"unicode/utf8"

	"tributary/gateway/admission"
	"tributary/gateway/engine"
	"tributary/gateway/internal/strictjson"
)

// Request is a request that was decoded, except for its variables.
type Request struct {
	engine.Request

	Seen string // what the client has seen, if the extensions say so
}

// Decode decodes a request, except for its variables. Its values are counted before that, and
// take memory of lease, unless that is nil because they have been admitted already.
func (h *Handler) Decode(ctx context.Context, r RawRequest, lease *admission.BodyLease) (req *Request, bad *BadRequest) {
	if r.get {
		req, bad = h.decodeQuery(ctx, r.query, lease)
	} else {
		req, bad = h.decodeBody(ctx, r.Body, lease)
	}
	if bad != nil {
		return nil, bad
	}
	if r.document != "" {
		req.DocumentID = r.document
	}
	req.FromClient, req.Fingerprint, req.Sender = true, r.key(), r.sender
	if bad := req.validate(); bad != nil {
		return nil, bad
	}
	return req, nil
}

func (h *Handler) decodeQuery(ctx context.Context, query string, lease *admission.BodyLease) (*Request, *BadRequest) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return nil, badRequest("the query string is malformed")
	}
	for _, name := range []string{"query", "documentId", "operationName", "variables", "extensions"} {
		if len(q[name]) > 1 {
			return nil, badRequest(name + " is given more than once")
		}
	}
	req := &Request{Request: engine.Request{
		Query: q.Get("query"), DocumentID: q.Get("documentId"), OperationName: q.Get("operationName"), ReadOnly: true,
	}}
	variables, extensions := []byte(q.Get("variables")), []byte(q.Get("extensions"))
	if !utf8.Valid(variables) {
		return nil, badRequest("variables must be UTF-8")
	}
	if bad := h.admitValues(ctx, lease, variables, extensions); bad != nil {
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

// byteOrderMark may stand before JSON, where it means nothing (RFC 8259, section 8.1).
const byteOrderMark = "\ufeff"

func (h *Handler) decodeBody(ctx context.Context, text []byte, lease *admission.BodyLease) (*Request, *BadRequest) {
	if !utf8.Valid(text) {
		return nil, badRequest("the body must be UTF-8")
	}
	body := bytes.TrimSpace(bytes.TrimPrefix(text, []byte(byteOrderMark)))
	if len(body) > 0 && body[0] == '[' {
		return nil, badRequest("send one request at a time: lists of requests are not supported")
	}
	if bad := h.admitValues(ctx, lease, body); bad != nil {
		return nil, bad
	}
	req := &Request{}
	var bad *BadRequest
	err := strictjson.EachMember(body, func(name []byte, value json.RawMessage) { bad = cmp.Or(bad, req.readMember(name, value)) })
	switch { // by name only: the body may hold secrets
	case errors.Is(err, strictjson.ErrNotObject):
		return nil, badRequest("the body must be a JSON object")
	case err != nil:
		return nil, badRequest("the body has " + err.Error())
	case bad != nil:
		return nil, bad
	}
	return req, nil
}

// readMember decodes a member of a body. Members without a meaning are ignored.
func (req *Request) readMember(name []byte, value json.RawMessage) *BadRequest {
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
		return badRequest(string(name) + " must be a string")
	}
	return nil
}

// validate refuses a request that does not say which document it means.
func (req *Request) validate() *BadRequest {
	switch {
	case req.Query == "" && req.DocumentID == "" && req.SHA256 == "":
		return badRequest("query is missing")
	case req.Query != "" && req.DocumentID != "":
		return badRequest("send either query or documentId")
	case !utf8.ValidString(req.Query):
		return badRequest("query must be UTF-8")
	}
	return nil
}

// readExtensions takes from the extensions of a request what means something
// here: {"persistedQuery": {"version": 1, "sha256Hash": "…"}}, by which clients
// name a document that they have sent before, or that a manifest holds; and {"seen": "…"},
// for which see [SeenHeader].
func (req *Request) readExtensions(raw []byte) *BadRequest {
	if string(raw) == "null" {
		return nil
	}
	var persisted, seen json.RawMessage
	err := strictjson.EachMember(raw, func(name []byte, value json.RawMessage) {
		switch string(name) {
		case "persistedQuery":
			persisted = value
		case "seen":
			seen = value
		}
	})
	if err != nil {
		return badRequest("extensions must be an object")
	}
	if json.Unmarshal(seen, &req.Seen) != nil {
		req.Seen = "" // as any other value that stands for nothing
	}
	if len(persisted) == 0 || string(persisted) == "null" {
		return nil
	}
	var version, hash json.RawMessage
	err = strictjson.EachMember(persisted, func(name []byte, value json.RawMessage) {
		switch string(name) {
		case "version":
			version = value
		case "sha256Hash":
			hash = value
		}
	})
	if err != nil || string(version) != "1" || json.Unmarshal(hash, &req.SHA256) != nil || req.SHA256 == "" {
		return badRequest("extensions.persistedQuery must have version 1 and a sha256Hash")
	}
	return nil
}

// readVariables checks that the variables of a request are a JSON object without duplicate
// names, and keeps them as JSON: only the operation tells which ones are used. Null and
// nothing are an object without members.
func (req *Request) readVariables(raw []byte) *BadRequest {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	err := strictjson.EachMember(raw, func([]byte, json.RawMessage) {})
	if errors.Is(err, strictjson.ErrNotObject) {
		return badRequest("variables must be an object")
	}
	if err != nil {
		return badRequest("variables has " + err.Error())
	}
	req.RawVariables = raw
	return nil
}
