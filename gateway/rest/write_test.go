package rest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
	"tributary/gateway/rest"
	"tributary/gateway/upstream"
	"tributary/internal/testkit/clienttest"
)

// received records the calls of a service that answers all of them alike.
type received struct {
	mu    sync.Mutex
	calls []string
	keys  []string
}

// service returns a client of the service. It retries and hedges.
func (r *received) service(t *testing.T, status int, body string) *upstream.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		sent, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.calls = append(r.calls, fmt.Sprint(req.Method, " ", req.RequestURI, " ", string(sent)))
		if key := req.Header.Get("Idempotency-Key"); key != "" {
			r.keys = append(r.keys, key)
		}
		r.mu.Unlock()
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	up, err := upstream.NewClient("things", server.URL,
		upstream.Config{Timeout: 10 * time.Second, Retries: 2, RetryBudget: 1, Backoff: time.Microsecond},
		upstream.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	return up
}

func TestWrite_Repeats(t *testing.T) {
	for _, tt := range []struct {
		call         string
		idempotent   bool
		calls, keyed int
	}{
		{"POST /things/{id}", false, 1, 0},
		{"PATCH /things/{id}", false, 1, 0},
		{"PUT /things/{id}", false, 3, 0},
		{"DELETE /things/{id}", false, 3, 0},
		{"POST /things/{id}", true, 3, 3},
		{"PATCH /things/{id}", true, 3, 3},
	} {
		t.Run(fmt.Sprint(tt.call, tt.idempotent), func(t *testing.T) {
			r := &received{}
			write := rest.WriteOne(rest.Endpoint{
				Up: r.service(t, http.StatusServiceUnavailable, ""), Call: tt.call, Named: true, IDs: []string{"id"}, Body: "input", Idempotent: tt.idempotent,
			}, decodeThing)
			_, err := write(t.Context(), rest.Key(rest.Arg("id", "a/b"), rest.Arg("input", rest.JSON(map[string]any{"n": nil}))))
			clienttest.AssertKind(t, err, "things", fault.Unavailable)
			want := fmt.Sprint(tt.call[:len(tt.call)-len("{id}")], "a%2Fb", ` {"n":null}`)
			if len(r.calls) != tt.calls || r.calls[0] != want || slices.Compact(slices.Sorted(slices.Values(r.calls)))[0] != want {
				t.Errorf("calls %q, want %d of %q", r.calls, tt.calls, want)
			}
			if len(r.keys) != tt.keyed || len(slices.Compact(slices.Clone(r.keys))) > 1 {
				t.Errorf("keys %q, want %d that are equal", r.keys, tt.keyed)
			}
		})
	}
}

func TestWrite_KeysDiffer(t *testing.T) {
	r := &received{}
	write := rest.WriteOnly(rest.Endpoint{Up: r.service(t, http.StatusNoContent, ""), Call: "POST /things", Named: true, Idempotent: true})
	for range 2 {
		if v, err := write(t.Context(), rest.Key()); err != nil || v == nil || !*v {
			t.Fatal(v, err)
		}
	}
	if len(r.keys) != 2 || r.keys[0] == r.keys[1] {
		t.Errorf("keys %q, want two that differ", r.keys)
	}
}

func TestWrite_Outcomes(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		id     string
		fail   fault.Kind // Internal for none
		calls  int
	}{
		"accepted":           {200, full, "t1", 0, 1},
		"created":            {201, full, "t1", 0, 1},
		"another thing":      {200, full, "t2", 0, 1},
		"unknown":            {404, `{"title":"no"}`, "t1", fault.Rejected, 1},
		"refused":            {422, `{"title":"no"}`, "t1", fault.Rejected, 1},
		"a broken answer":    {200, `{"id":`, "t1", fault.InvalidResponse, 1},
		"an empty answer":    {200, ``, "t1", fault.InvalidResponse, 1},
		"a member is absent": {200, `{"id":"t1"}`, "t1", fault.InvalidResponse, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := &received{}
			write := rest.WriteOne(rest.Endpoint{Up: r.service(t, tt.status, tt.body), Call: "PATCH /things/{id}", Named: true, IDs: []string{"id"}}, decodeThing)
			v, err := write(t.Context(), rest.Key(rest.Arg("id", tt.id)))
			clienttest.AssertKind(t, err, "things", tt.fail)
			if (v != nil) != (tt.fail == fault.Internal) {
				t.Errorf("got %v", v)
			}
			if len(r.calls) != tt.calls {
				t.Errorf("calls %q, want %d", r.calls, tt.calls)
			}
		})
	}
}

func TestWrite_RefusesIDs(t *testing.T) {
	r := &received{}
	write := rest.WriteOnly(rest.Endpoint{Up: r.service(t, 200, ""), Call: "DELETE /things/{id}", Named: true, IDs: []string{"id"}})
	for _, id := range []string{"", "a\n", "\xff"} {
		if _, err := write(t.Context(), rest.Key(rest.Arg("id", id))); err == nil || fault.From(err).Kind != fault.BadUserInput {
			t.Errorf("%q: %v", id, err)
		}
	}
	if len(r.calls) > 0 {
		t.Errorf("calls %q", r.calls)
	}
}

// A write that was sent ends even if its client leaves.
func TestWrite_SurvivesItsClient(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	up := clienttest.NewClient(t, "things", func(w http.ResponseWriter, _ *http.Request) {
		leave()
		w.WriteHeader(http.StatusNoContent)
	})
	write := rest.WriteOnly(rest.Endpoint{Up: up, Call: "POST /things", Named: true})
	if v, err := write(ctx, rest.Key()); err != nil || v == nil {
		t.Error(v, err)
	}
}

func TestTag_Kinds(t *testing.T) {
	id := func(v *thing) string { return v.ID }
	got := []string{rest.Tag("thing", "t1"), rest.Tag("thing", ""), rest.TagOf("thing", &thing{ID: "t2"}, id), rest.TagOf("thing", nil, id)}
	if want := []string{"thing:t1", "thing", "thing:t2", "thing"}; !slices.Equal(got, want) {
		t.Errorf("tags %q, want %q", got, want)
	}
}
