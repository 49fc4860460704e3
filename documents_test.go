package main

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tributary/gateway/cache/redistest"
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

// What the schema says is for everybody has an address that caches of many may
// keep an answer by; what it does not is for the client's own.
func TestADocumentByItsAddressIsCacheable(t *testing.T) {
	manifest := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(manifest, []byte(`{"format":"apollo-persisted-query-manifest","version":1,"operations":[
		{"id":"product-1","name":"P","type":"query","body":"query P($id: ID!) { product(id: $id) { name price } }"},
		{"id":"user-1","name":"U","type":"query","body":"query U($id: ID!) { user(id: $id) { fullName } }"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s := dev(t, "--graphql-trusted-mode=enforce", "--graphql-trusted-documents", manifest)
	for path, scope := range map[string]string{
		"/graphql/product-1?variables=" + url.QueryEscape(`{"id":"prod1"}`): "public",
		"/graphql/user-1?variables=" + url.QueryEscape(`{"id":"user123"}`):  "private",
	} {
		first := s.send(http.MethodGet, s.gateway+path, "", "Accept", "application/graphql-response+json")
		h := first.Header
		if !regexp.MustCompile(`^`+scope+`, max-age=(29|30)$`).MatchString(h.Get("Cache-Control")) || !strings.Contains(h.Get("Vary"), "Accept") || h.Get("ETag") == "" {
			t.Errorf("%s: %s %v", path, first.Status, h)
		}
		if again := s.send(http.MethodGet, s.gateway+path, "", "Accept", "application/graphql-response+json", "If-None-Match", h.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: the same again: %s", path, again.Status)
		}
	}
	if h := s.send(http.MethodGet, s.gateway+"/graphql/nobody", "").Header; h.Get("Cache-Control") != "no-store" {
		t.Errorf("an error may be kept: %v", h)
	}
}

// Who has sent a document to one gateway names it to another, by GET and POST,
// while Redis is there; the one that has it goes on without.
func TestPersistedQueriesAreKnownToAllGatewaysOnOneRedis(t *testing.T) {
	redis := redistest.Start(t)
	one, two := dev(t, "--redis-url="+redis.URL()), dev(t, "--redis-url="+redis.URL())
	const query, name = `query Persisted { user(id: \"user123\") { fullName } }`, "Иван Иванов"
	sum := sha256.Sum256([]byte(strings.ReplaceAll(query, `\"`, `"`)))
	extensions := fmt.Sprintf(`{"persistedQuery":{"version":1,"sha256Hash":"%x"}}`, sum)
	byGet := func(s *system) string {
		_, body := s.call(http.MethodGet, s.gateway+"/graphql?extensions="+url.QueryEscape(extensions), "")
		return body
	}
	byPost := func(s *system) string {
		_, body := s.call(http.MethodPost, s.gateway+"/graphql", `{"extensions":`+extensions+`}`)
		return body
	}
	for _, ask := range []func(*system) string{byGet, byPost} {
		if body := ask(one); !strings.Contains(body, "PersistedQueryNotFound") {
			t.Errorf("known before it was sent: %s", body)
		}
	}
	register := func() string {
		_, body := one.call(http.MethodPost, one.gateway+"/graphql", `{"query":"`+query+`","extensions":`+extensions+`}`)
		return body
	}
	waitFor(t, func() bool { // what Redis does not take at once it does not get
		return strings.Contains(register(), name) && strings.Contains(byGet(two), name)
	})
	if body := byPost(two); !strings.Contains(body, name) {
		t.Errorf("by POST: %s", body)
	}
	redis.Kill()
	for way, body := range map[string]string{"GET": byGet(one), "POST": byPost(one)} {
		if !strings.Contains(body, name) {
			t.Errorf("without Redis, by %s: %s", way, body)
		}
	}
}
