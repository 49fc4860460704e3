package graphqlserver

import (
	"encoding/json"
	"net/http"
)

// readExtensions takes from the extensions of a request what means something
// here: {"persistedQuery": {"version": 1, "sha256Hash": "…"}}, by which clients
// name a document that they have sent before, or that a manifest holds; and {"seen": "…"},
// for which see [SeenHeader].
func (req *Request) readExtensions(raw []byte) *badRequest {
	if string(raw) == "null" {
		return nil
	}
	var persisted, seen json.RawMessage
	err := eachMember(raw, func(name []byte, value json.RawMessage) {
		switch string(name) {
		case "persistedQuery":
			persisted = value
		case "seen":
			seen = value
		}
	})
	if err != nil {
		return &badRequest{status: http.StatusBadRequest, message: "extensions must be an object"}
	}
	if json.Unmarshal(seen, &req.Seen) != nil {
		req.Seen = "" // as any other value that stands for nothing
	}
	if len(persisted) == 0 || string(persisted) == "null" {
		return nil
	}
	var version, hash json.RawMessage
	err = eachMember(persisted, func(name []byte, value json.RawMessage) {
		switch string(name) {
		case "version":
			version = value
		case "sha256Hash":
			hash = value
		}
	})
	if err != nil || string(version) != "1" || json.Unmarshal(hash, &req.SHA256) != nil || req.SHA256 == "" {
		return &badRequest{status: http.StatusBadRequest, message: "extensions.persistedQuery must have version 1 and a sha256Hash"}
	}
	return nil
}
