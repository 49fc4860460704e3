package graphqlserver

import (
	"encoding/json"
	"net/http"
)

// readExtensions takes from the extensions of a request what means something
// here: {"persistedQuery": {"version": 1, "sha256Hash": "…"}}, by which clients
// name a document that they have sent before, or that a manifest holds.
func (req *Request) readExtensions(raw []byte) *badRequest {
	var members map[string]json.RawMessage
	if err := decodeJSON(raw, &members); err != nil {
		return &badRequest{http.StatusBadRequest, "extensions must be an object"}
	}
	persisted, ok := members["persistedQuery"]
	if !ok || string(persisted) == "null" {
		return nil
	}
	var query struct {
		Version    int    `json:"version"`
		SHA256Hash string `json:"sha256Hash"`
	}
	if err := decodeJSON(persisted, &query); err != nil || query.Version != 1 || query.SHA256Hash == "" {
		return &badRequest{http.StatusBadRequest, "extensions.persistedQuery must have version 1 and a sha256Hash"}
	}
	req.SHA256 = query.SHA256Hash
	return nil
}
