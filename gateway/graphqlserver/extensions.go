package graphqlserver

import "net/http"

// readExtensions takes from the extensions of a request what means something
// here: {"persistedQuery": {"version": 1, "sha256Hash": "…"}}, by which clients
// name a document that they have sent before, or that a manifest holds.
func (req *Request) readExtensions(raw []byte) *badRequest {
	if string(raw) == "null" {
		return nil
	}
	extensions, err := members(raw)
	if err != nil {
		return &badRequest{http.StatusBadRequest, "extensions must be an object"}
	}
	persisted, ok := extensions["persistedQuery"]
	if !ok || string(persisted) == "null" {
		return nil
	}
	query, err := members(persisted)
	if err != nil || string(query["version"]) != "1" || decodeJSON(query["sha256Hash"], &req.SHA256) != nil || req.SHA256 == "" {
		return &badRequest{http.StatusBadRequest, "extensions.persistedQuery must have version 1 and a sha256Hash"}
	}
	return nil
}
