package main

import (
	"net/http"
	"strings"
	"testing"
)

func TestAnswersAreCompressedForThoseWhoCanUndoIt(t *testing.T) {
	s := dev(t)
	for path, want := range map[string]string{
		"/api/profile/u1": "zstd",
		"/graphql?query=%7B__schema%7Btypes%7Bname%20description%20fields%7Bname%20description%7D%7D%7D%7D": "zstd",
		"/graphql?query=%7B__typename%7D": "",
		"/metrics":                        "zstd",
		"/playground":                     "zstd",
	} {
		got := s.send(http.MethodGet, s.gateway+path, "", "Accept-Encoding", "gzip;q=0.5, zstd")
		if got.Header.Get("Content-Encoding") != want || !strings.Contains(got.Header.Get("Vary"), "Accept-Encoding") || len(got.Header["Vary"]) != 1 {
			t.Errorf("%s: %s %v", path, got.Status, got.Header)
		}
	}
}

func TestAnETagHoldsInAnyCoding(t *testing.T) {
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
