package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

// apolloFormat is the value of format in manifests of Apollo's tools.
const apolloFormat = "apollo-persisted-query-manifest"

// Load adds to d the documents of manifests: those that Apollo's tools write,
//
//	{"format": "apollo-persisted-query-manifest", "version": 1,
//	 "operations": [{"id": "…", "name": "…", "type": "query", "body": "query …"}]}
//
// and those of GraphQL Code Generator (persisted-documents.json) and Relay,
//
//	{"<id>": "query …"}
//
// A file of another format, without documents, or with one that is not GraphQL is an
// error that names the file and the document. Load must not be called while d is in
// use.
func (d *Trusted) Load(files ...string) error {
	for _, name := range files {
		content, err := os.ReadFile(name) //nolint:gosec // G304: the operator names it
		if err != nil {
			return err //nolint:wrapcheck // it names the file
		}
		if err := d.read(content); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func (d *Trusted) read(content []byte) error {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	if !utf8.Valid(content) {
		return errors.New("it is not UTF-8")
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(content, &members); err != nil {
		return fmt.Errorf("it is not a JSON object: %w", err)
	}
	if members["format"] != nil || members["operations"] != nil {
		return d.readApollo(content)
	}
	return d.readMap(content)
}

// readApollo reads the format of Apollo's tools.
func (d *Trusted) readApollo(content []byte) error {
	var manifest struct {
		Format     string `json:"format"`
		Version    int    `json:"version"`
		Operations []struct {
			ID   string `json:"id"`
			Body string `json:"body"`
		} `json:"operations"`
	}
	if err := json.Unmarshal(content, &manifest); err != nil {
		return fmt.Errorf("it is not a manifest: %w", err)
	}
	if manifest.Format != apolloFormat || manifest.Version != 1 {
		return fmt.Errorf("it is a manifest of format %.80q, version %d: only %s, version 1, is known",
			manifest.Format, manifest.Version, apolloFormat)
	}
	for _, op := range manifest.Operations {
		if err := d.addFromManifest(op.ID, op.Body); err != nil {
			return err
		}
	}
	return notEmpty(len(manifest.Operations))
}

func (d *Trusted) readMap(content []byte) error {
	var manifest map[string]string
	if err := json.Unmarshal(content, &manifest); err != nil {
		return fmt.Errorf("it is not a manifest: %w", err)
	}
	for _, id := range slices.Sorted(maps.Keys(manifest)) {
		if err := d.addFromManifest(id, manifest[id]); err != nil {
			return err
		}
	}
	return notEmpty(len(manifest))
}

func notEmpty(n int) error {
	if n == 0 {
		return errors.New("it has no document")
	}
	return nil
}

// addFromManifest adds a document of a manifest. An id with the prefix [SHA256] must be the hash
// of the text; other ids are opaque.
func (d *Trusted) addFromManifest(id, text string) error {
	if id == "" {
		return errors.New("a document has no id")
	}
	doc, err := parseText(text)
	switch hash, says := strings.CutPrefix(id, SHA256); {
	case err != nil:
		return fmt.Errorf("document %.80q: %w", id, err)
	case len(doc.Operations) == 0:
		return fmt.Errorf("document %.80q has no operation", id)
	case says && hash != hashOf(text):
		return fmt.Errorf("document %.80q: its id is not the hash of its text", id)
	}
	return d.add(id, text)
}
