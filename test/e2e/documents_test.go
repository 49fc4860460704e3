package e2e_test

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
	"time"

	"tributary/gateway/entitycache/redistest"
)

// A gateway that executes nothing but what its clients were built with.
func TestDocuments_Enforced(t *testing.T) {
	t.Parallel()
	manifest := filepath.Join(t.TempDir(), "persisted-documents.json")
	if err := os.WriteFile(manifest, []byte(`{"names":"query Names($id: ID!) { user(id: $id) { fullName } }","of a/b+c":"query Odd { __typename }"}`), 0o600); err != nil {
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
		"/graphql/n%61mes" + variables:               {200, `"data":{"user":{"fullName":`},
		"/graphql/of%20a%2Fb%2Bc":                    {200, `"data":{"__typename":`},
		fmt.Sprintf("/graphql/sha256%%3A%x", sha256.Sum256([]byte("query Odd { __typename }"))): {200, `"data":{"__typename":`},
		"/api/profile/user456": {200, `"order789"`},
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

// A trusted document of public data has an address, whose response shared caches may
// store; a response with private data is not stored there.
func TestDocuments_CacheableByPath(t *testing.T) {
	t.Parallel()
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

// persisted is a document by its text and its hash.
type persisted struct{ query, extensions string }

func persist(n int) persisted {
	query := fmt.Sprintf(`query Persisted%d { user(id: \"user123\") { fullName } }`, n)
	sum := sha256.Sum256([]byte(strings.ReplaceAll(query, `\"`, `"`)))
	return persisted{query, fmt.Sprintf(`{"persistedQuery":{"version":1,"sha256Hash":"%x"}}`, sum)}
}

func (p persisted) sentTo(s *system) string {
	_, body := s.call(http.MethodPost, s.gateway+"/graphql", `{"query":"`+p.query+`","extensions":`+p.extensions+`}`)
	return body
}

func (p persisted) byGet(s *system) string {
	_, body := s.call(http.MethodGet, s.gateway+"/graphql?extensions="+url.QueryEscape(p.extensions), "")
	return body
}

func (p persisted) byPost(s *system) string {
	_, body := s.call(http.MethodPost, s.gateway+"/graphql", `{"extensions":`+p.extensions+`}`)
	return body
}

// A persisted document that was sent to one gateway is known to another one, by GET and POST,
// while Redis is available. The first one knows it without Redis as well.
func TestDocuments_SharedPersisted(t *testing.T) {
	t.Parallel()
	const name = "Иван Иванов"
	redis := redistest.Start(t)
	one, two := dev(t, "--redis-url="+redis.URL()), dev(t, "--redis-url="+redis.URL())
	p := persist(0)
	for _, body := range []string{p.byGet(one), p.byPost(one)} {
		if !strings.Contains(body, "PersistedQueryNotFound") {
			t.Errorf("known before it was sent: %s", body)
		}
	}
	for n := 1; !strings.Contains(p.byGet(two), name); n++ { // what Redis does not take soon it does not get
		if n > 20 {
			t.Fatal("the other gateway does not know what one was sent")
		}
		p = persist(n)
		if body := p.sentTo(one); !strings.Contains(body, name) {
			t.Fatal(body)
		}
		for end := time.Now().Add(time.Second); time.Now().Before(end) && !strings.Contains(p.byGet(two), name); {
			<-time.After(5 * time.Millisecond)
		}
	}
	if body := p.byPost(two); !strings.Contains(body, name) {
		t.Errorf("by POST: %s", body)
	}
	redis.Kill()
	for way, body := range map[string]string{"GET": p.byGet(one), "POST": p.byPost(one)} {
		if !strings.Contains(body, name) {
			t.Errorf("without Redis, by %s: %s", way, body)
		}
	}
}
