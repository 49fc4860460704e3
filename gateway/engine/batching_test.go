package engine_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"tributary/gateway/engine"
)

func TestBatch_InOrder(t *testing.T) {
	s := newServer(t, engine.Config{Batching: 3})
	got := s.post(` [{"query":"{ hello }"}, {"qeury":"{ hello }"}, {"query":"{ fails(kind: \"timeout\") }"}]`)
	if got.status != http.StatusOK || got.header.Get("Cache-Control") != "no-store" || got.header.Get("Content-Type") != graphQL+"; charset=utf-8" {
		t.Errorf("%d %v", got.status, got.header)
	}
	text := got.text
	for _, part := range []string{`[{"data":{"hello":"hello you"}},{"errors":[{"message":"query is missing"`, `},{"errors":[{"message":`, `"UPSTREAM_TIMEOUT"`, `"data":{"fails":null}`} {
		i := strings.Index(text, part)
		if i < 0 {
			t.Fatalf("no %s, or out of order, in %s", part, got.text)
		}
		text = text[i+len(part):]
	}
	if one := s.post(`[{"query":"{ hello }"}]`); strings.TrimSpace(one.text) != `[{"data":{"hello":"hello you"}}]` {
		t.Errorf("one: %s", one.text)
	}
	s.post(`[{"documentId":"nowhere"}]`)
	if complete, refused := s.count("graphql_operations_total", "other", "complete", "query"), s.count("graphql_operations_total", "other", "refused", "unknown"); complete != 2 || refused != 2 {
		t.Errorf("%v complete and %v refused, want 2 and 2", complete, refused)
	}
	s.ask(`{ hello }`).expect(http.StatusOK, "").data(`{"hello":"hello you"}`)
}

// broken are texts that are not to be had.
type broken struct{}

func (broken) Get(context.Context, string) (string, bool) { panic("out of order") }
func (broken) Set(context.Context, string, string)        {}

func TestBatch_Panic(t *testing.T) {
	s := newServer(t, engine.Config{Batching: 3, Persisted: true}, engine.Deps{Persisted: broken{}})
	got := s.post(`[{"documentId":"sha256:` + strings.Repeat("0", 64) + `"},{"query":"{ hello }"}]`)
	if !strings.HasPrefix(got.text, `[{"errors":[{"message":`) || !strings.Contains(got.text, `"INTERNAL"}}]},{"data":{"hello":"hello you"}}]`) || strings.Contains(got.text, "draft") {
		t.Errorf("%d %s", got.status, got.text)
	}
	if n := s.count("graphql_panics_total"); n != 1 {
		t.Errorf("%v panics counted", n)
	}
}

func TestBatch_Invalid(t *testing.T) {
	for body, message := range map[string]string{
		`[]`: "the body must be a JSON object, or a list of some",
		`[1`: "the body must be a JSON object, or a list of some",
		`[{"query":"{ hello }"},{"query":"{ hello }"},{"query":"{ hello }"}]`: "the list has 3 requests, more than 2",
	} {
		s := newServer(t, engine.Config{Batching: 2})
		if m := s.post(body).expect(http.StatusBadRequest, "BAD_USER_INPUT").answer().Errors[0].Message; m != message {
			t.Errorf("%s: %q, want %q", body, m, message)
		}
	}
}
