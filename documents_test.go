package main

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A gateway that executes nothing but what its clients were built with.
func TestAGatewayThatEnforcesTrustAnswersItsManifestAndItself(t *testing.T) {
	manifest := filepath.Join(t.TempDir(), "persisted-documents.json")
	if err := os.WriteFile(manifest, []byte(`{"names":"query Names($id: ID!) { user(id: $id) { fullName } }"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := dev(t, "--graphql-trusted-mode=enforce", "--graphql-trusted-documents", manifest)
	variables := "?variables=" + url.QueryEscape(`{"id":"user456"}`)
	for target, want := range map[string]struct {
		status int
		part   string
	}{
		"/graphql/names" + variables:                 {200, `"data":{"user":{"fullName":`},
		"/graphql/RESTProfile" + variables:           {200, `"order789"`},
		"/graphql" + variables + "&documentId=names": {200, `"data":{"user":{"fullName":`},
		"/graphql?query={__typename}":                {200, "DOCUMENT_NOT_TRUSTED"},
		"/graphql/nobody":                            {200, "PersistedQueryNotFound"},
		"/api/profile/user456":                       {200, `"order789"`},
	} {
		status, body := s.call(http.MethodGet, s.gateway+target, "")
		if status != want.status || !strings.Contains(body, want.part) {
			t.Errorf("%s: %d, no %s in %.300s", target, status, want.part, body)
		}
	}
	_, metrics := s.call(http.MethodGet, s.gateway+"/metrics", "")
	if want := `endpoint="/graphql/{document}"`; !strings.Contains(metrics, want) {
		t.Errorf("no %s in the metrics", want)
	}
}
