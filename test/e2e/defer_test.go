package e2e_test

import (
	"bufio"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tributary/gateway/lookahead"
	"tributary/gateway/waterfall"
)

const deferring = `{"query":"{ user(id: \"u9\") { id fullName ... @defer(label: \"later\") { orders { id } } } }"}`

// part is one part of an answer.
type part struct {
	Data       json.RawMessage
	HasNext    *bool
	Errors     []any
	Extensions struct {
		Trace *waterfall.Trace
		Cost  *lookahead.Cost
	}
	Incremental []struct {
		Data       json.RawMessage
		Path       []any
		Label      string
		Errors     []struct{ Extensions map[string]any }
		Extensions map[string]any
	}
}

func nextPart(t *testing.T, parts *multipart.Reader) (p part, ok bool) {
	t.Helper()
	next, err := parts.NextPart()
	if err == io.EOF {
		return p, false
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(next).Decode(&p); err != nil {
		t.Fatal(err)
	}
	return p, true
}

func (s *system) inParts(accept string, header ...string) (*http.Response, *multipart.Reader) {
	s.t.Helper()
	header = append([]string{"Content-Type", "application/json", "Accept", accept, "Accept-Encoding", "gzip"}, header...)
	resp := s.send(http.MethodPost, s.gateway+"/graphql", deferring, header...)
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || params["deferspec"] != "20220824" {
		s.t.Fatalf("%s %v", resp.Status, resp.Header)
	}
	return resp, multipart.NewReader(bufio.NewReader(resp.Body), params["boundary"])
}

const acceptParts = "multipart/mixed;deferSpec=20220824,application/graphql-response+json,application/json;q=0.9"

func (s *system) slowOrders(fault string) {
	s.t.Helper()
	if status, body := s.call(http.MethodPut, s.orders+"/_faults", `[{"route":"*",`+fault+`}]`); status != http.StatusOK {
		s.t.Fatal(status, body)
	}
}

func TestDefer_LaterPart(t *testing.T) {
	t.Parallel()
	s := dev(t, "--faults")
	s.slowOrders(`"latency":"1s"`)
	start := time.Now()
	_, parts := s.inParts(acceptParts)
	first, _ := nextPart(t, parts)
	took := time.Since(start)
	if !strings.Contains(string(first.Data), `"fullName"`) || strings.Contains(string(first.Data), "orders") || first.HasNext == nil || !*first.HasNext {
		t.Errorf("first %s", first.Data)
	}
	second, ok := nextPart(t, parts)
	if !ok || len(second.Incremental) != 1 || *second.HasNext || second.Incremental[0].Label != "later" ||
		len(second.Incremental[0].Path) != 1 || !strings.HasPrefix(string(second.Incremental[0].Data), `{"orders":[{"id":"`) {
		t.Fatalf("second %+v", second)
	}
	if whole := time.Since(start); took > whole-500*time.Millisecond {
		t.Errorf("the first part took %v of %v", took, whole)
	}
	if _, more := nextPart(t, parts); more {
		t.Error("there is a third part")
	}
}

func TestDefer_FailedPart(t *testing.T) {
	t.Parallel()
	s := dev(t, "--faults", "--upstream-retries=0")
	s.slowOrders(`"error_rate":1`)
	_, parts := s.inParts(acceptParts)
	first, _ := nextPart(t, parts)
	second, _ := nextPart(t, parts)
	if len(second.Incremental) != 1 || string(second.Incremental[0].Data) != `{"orders":null}` ||
		second.Incremental[0].Errors[0].Extensions["service"] != "orders" || second.Incremental[0].Extensions["degraded"] == nil {
		t.Errorf("first %s, then %+v", first.Data, second)
	}
	if _, more := nextPart(t, parts); more {
		t.Error("there is a third part")
	}
	// Both are written when the request has ended, which is after its last part.
	counted, logged := false, false
	for deadline := time.Now().Add(5 * time.Second); (!counted || !logged) && time.Now().Before(deadline); {
		_, metrics := s.call(http.MethodGet, s.gateway+"/metrics", "")
		counted = strings.Contains(metrics, `graphql_operations_total{operation="other",outcome="partial",type="query"} 1`)
		logged = strings.Contains(s.logged(), `"degraded":["orders:`)
	}
	if !counted {
		t.Error("what failed in a later part is not counted as partial")
	}
	if !logged {
		t.Error("the line of the request does not name the service that failed in a later part")
	}
}

func TestDefer_ClosingExtensions(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		system *system
		told   bool
	}{"where that is on": {dev(t), true}, "where it is off": {dev(t, "--no-graphql-trace", "--no-graphql-cost"), false}} {
		t.Run(name, func(t *testing.T) {
			tt.system.t = t
			_, parts := tt.system.inParts(acceptParts, "Tributary-Trace", "1", "Tributary-Cost", "1")
			var last part
			for p, ok := nextPart(t, parts); ok; p, ok = nextPart(t, parts) {
				if last.HasNext != nil && !*last.HasNext {
					t.Error("a part follows the last")
				}
				last = p
			}
			trace, cost := last.Extensions.Trace, last.Extensions.Cost
			if told := trace != nil && cost != nil; *last.HasNext || told != tt.told {
				t.Fatalf("last %+v", last)
			}
			if !tt.told {
				return
			}
			if trace.Totals.Calls["users"] != 1 || trace.Totals.Calls["orders"] != 1 || len(cost.Services) != 2 {
				t.Errorf("trace %+v, cost %+v", trace.Totals, cost)
			}
			var resolved []string
			for _, row := range trace.Rows {
				if row.Step == "resolve" {
					resolved = append(resolved, row.Name)
				}
				if row.Open {
					t.Errorf("%s goes on", row.Name)
				}
			}
			slices.Sort(resolved)
			if !slices.Equal(resolved, []string{"Query.user", "User.orders"}) {
				t.Errorf("resolved %v", resolved)
			}
		})
	}
}

func TestDefer_Deadline(t *testing.T) {
	t.Parallel()
	s := dev(t, "--faults", "--request-timeout=1s", "--upstream-retries=0")
	s.slowOrders(`"hang":true`)
	start := time.Now()
	_, parts := s.inParts(acceptParts)
	var last part
	for p, ok := nextPart(t, parts); ok; p, ok = nextPart(t, parts) {
		last = p
	}
	if took := time.Since(start); took > 5*time.Second || len(last.Incremental) != 1 || last.Incremental[0].Errors[0].Extensions["code"] != "UPSTREAM_TIMEOUT" {
		t.Errorf("after %v %+v", took, last)
	}
}

// The parts of an incremental response are written once, and not assembled again at the end.
func TestDefer_SentOnce(t *testing.T) {
	t.Parallel()
	s := dev(t, "--faults", "--cache-ttl=1s", "--upstream-timeout=10s", "--request-timeout=20s")
	s.slowOrders(`"latency":"1300ms"`)
	if status, body := s.call(http.MethodPost, s.gateway+"/graphql", `{"query":"{ user(id: \"u9\") { id fullName } }"}`); status != http.StatusOK {
		t.Fatal(status, body)
	}
	resp := s.send(http.MethodPost, s.gateway+"/graphql", deferring, "Content-Type", "application/json", "Accept", acceptParts, "Accept-Encoding", "identity")
	body, err := io.ReadAll(resp.Body)
	if err != nil || strings.Count(string(body), `"fullName"`) != 1 || strings.Count(string(body), `"orders"`) != 1 {
		t.Errorf("%v: %s", err, body)
	}
}

func TestDefer_NotAccepted(t *testing.T) {
	t.Parallel()
	s := dev(t)
	for _, accept := range []string{
		"", "*/*", "application/json", "application/graphql-response+json", "multipart/mixed;q=0, application/json",
		"multipart/mixed;deferSpec=20991231, application/json", `multipart/mixed;boundary="graphql";subscriptionSpec=1.0, application/json`,
	} {
		resp := s.send(http.MethodPost, s.gateway+"/graphql", deferring, "Content-Type", "application/json", "Accept", accept)
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), `"orders":[{"id":`) || strings.Contains(string(body), "hasNext") {
			t.Errorf("%q: %s %s", accept, resp.Status, body)
		}
	}
}
