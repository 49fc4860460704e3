package e2e_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestTransport_Compression(t *testing.T) {
	t.Parallel()
	s := dev(t)
	for path, want := range map[string]string{
		"/api/profile/u1": "zstd",
		"/graphql?query=%7B__schema%7Btypes%7Bname%20description%20fields%7Bname%20description%7D%7D%7D%7D": "zstd",
		"/graphql?query=%7B__typename%7D": "",
		"/metrics":                        "zstd",
		"/playground":                     "zstd",
	} {
		got := s.send(http.MethodGet, s.gateway+path, "", "Accept-Encoding", "gzip;q=0.5, zstd")
		if got.Header.Get("Content-Encoding") != want || !strings.Contains(strings.Join(got.Header["Vary"], ", "), "Accept-Encoding") {
			t.Errorf("%s: %s %v", path, got.Status, got.Header)
		}
	}
}

func TestTransport_ETagAcrossEncodings(t *testing.T) {
	t.Parallel()
	s := dev(t)
	const path = "/api/profile/u1"
	tag := s.send(http.MethodGet, s.gateway+path, "", "Accept-Encoding", "gzip").Header.Get("ETag")
	for _, coding := range []string{"identity", "gzip", "zstd"} {
		got := s.send(http.MethodGet, s.gateway+path, "", "Accept-Encoding", coding, "If-None-Match", tag)
		if got.StatusCode != http.StatusNotModified || got.Header.Get("ETag") != tag {
			t.Errorf("%s: %s with %s, want %s", coding, got.Status, got.Header.Get("ETag"), tag)
		}
	}
}

// RFC 9110, section 15.4.5.
func TestTransport_NotModified(t *testing.T) {
	t.Parallel()
	s := dev(t)
	for name, query := range map[string]string{
		"a short one": `{ product(id: "p1") { id } }`,
		"a long one":  `{ profile(userId: "u1") { user { fullName } orders { id items { quantity product { name description category price } } } } }`,
	} {
		path := "/graphql?query=" + url.QueryEscape(query)
		for _, coding := range []string{"identity", "gzip", "zstd"} {
			first := s.send(http.MethodGet, s.gateway+path, "", "Accept-Encoding", coding)
			tag := first.Header.Get("ETag")
			then := s.send(http.MethodGet, s.gateway+path, "", "Accept-Encoding", coding, "If-None-Match", tag)
			if then.StatusCode != http.StatusNotModified || then.Header.Get("ETag") != tag || then.Header.Get("Vary") != first.Header.Get("Vary") || tag == "" {
				t.Errorf("%s by %s: %s with %v, want %v", name, coding, then.Status, then.Header, first.Header)
			}
		}
	}
}

func TestTransport_Allow(t *testing.T) {
	t.Parallel()
	s := dev(t, "--cors-origins=", "--admin-token=secret")
	for _, method := range []string{http.MethodPut, http.MethodOptions, http.MethodTrace, "FOO"} {
		for path, want := range map[string]string{
			"/graphql":         "405 GET, HEAD, POST",
			"/graphql/b4a1":    "405 GET, HEAD, POST",
			"/api/profile/u1":  "405 GET, HEAD, OPTIONS",
			"/health":          "405 GET, HEAD",
			"/playground/x.js": "405 GET, HEAD",
			"/admin/purge":     "405 POST",
			"/admin/nope":      "404 ",
			"/nope":            "404 ",
		} {
			if method == http.MethodOptions { // a path that has it, for preflight requests, answers it
				want = strings.Replace(want, "405 GET, HEAD, OPTIONS", "204 GET, HEAD, OPTIONS", 1)
			}
			got := s.send(method, s.gateway+path, "", "Authorization", "Bearer secret")
			if answer := fmt.Sprint(got.StatusCode, " ", got.Header.Get("Allow")); answer != want || got.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s %s: %s, want %s", method, path, answer, want)
			}
		}
	}
}
