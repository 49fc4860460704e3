package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"tributary/gateway/engine/httptransport"
	"tributary/gateway/waterfall"
)

const profileQuery = `{ profile(userId: "user123") { user { fullName } orders { id items { product { name } } } } }`

// traceOf sends a query and returns its trace, nil if the response has none.
func traceOf(t *testing.T, s *system, query string, header ...string) *waterfall.Trace {
	t.Helper()
	body, err := json.Marshal(map[string]string{"query": query})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.gateway+"/graphql", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(httptransport.TraceHeader, "1")
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Data       json.RawMessage
		Extensions struct{ Trace *waterfall.Trace }
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Data == nil {
		t.Fatalf("%s: %v", resp.Status, err)
	}
	return answer.Extensions.Trace
}

func TestTraceHeader_ColdThenCached(t *testing.T) {
	t.Parallel()
	s := dev(t)
	first := traceOf(t, s, profileQuery)
	if first == nil || first.Totals.Calls["users"] != 1 || first.Totals.Calls["orders"] != 1 || first.Totals.Calls["products"] != 1 ||
		first.SecondRun.SavedCalls != 3 || first.Totals.Bytes == 0 {
		t.Fatalf("first trace: %+v", first)
	}
	keys := ""
	for _, row := range first.Rows {
		if row.Step == "batch" && row.Service == "products" {
			keys = strings.Join(row.Keys, " ")
		}
	}
	if keys != "prod1 prod2 prod3" {
		t.Errorf("keys of the batch of products: %q", keys)
	}
	if second := traceOf(t, s, profileQuery); len(second.Totals.Calls) != 0 || second.SecondRun.SavedCalls != 0 {
		t.Errorf("second trace: %+v", second)
	}
}

func TestTraceHeader_Off(t *testing.T) {
	t.Parallel()
	if trace := traceOf(t, dev(t, "--no-graphql-trace"), profileQuery); trace != nil {
		t.Errorf("told %+v", trace)
	}
	s := dev(t)
	if _, body := s.call(http.MethodPost, s.gateway+"/graphql", `{"query":"{ user(id: \"u1\") { id } }"}`); strings.Contains(body, "trace") {
		t.Errorf("told without being asked: %s", body)
	}
}

func TestTraceHeader_Operator(t *testing.T) {
	t.Parallel()
	s := dev(t, "--no-graphql-trace", "--admin-token=secret")
	if trace := traceOf(t, s, profileQuery, "Authorization", "Bearer guessed"); trace != nil {
		t.Errorf("told a stranger %+v", trace)
	}
	if trace := traceOf(t, s, profileQuery, "Authorization", "Bearer secret"); trace == nil {
		t.Error("told the operator nothing")
	}
}

// asked runs the command query and returns its output.
func asked(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	o := builder.Run(t, nil, nil, append([]string{"query"}, args...)...)
	return o.Stdout, o.Stderr, outcomeOf(o).err
}

func TestQueryCommand_Trace(t *testing.T) {
	t.Parallel()
	s := dev(t)
	stdout, stderr, err := asked(t, "--url", s.gateway+"/graphql", "--trace", "--variables", `{"id":"user123"}`,
		`query Q($id: ID!) { user(id: $id) { username } }`)
	if err != nil || stdout != "{\n  \"data\": {\n    \"user\": {\n      \"username\": \"ivan_ivanov\"\n    }\n  }\n}\n" {
		t.Errorf("%v: %s", err, stdout)
	}
	if !strings.Contains(stderr, "1 call (users 1)") || !strings.Contains(stderr, "/users/user123, 200") {
		t.Errorf("drew %s", stderr)
	}
}

func TestQueryCommand_Fails(t *testing.T) {
	t.Parallel()
	s := dev(t, "--no-graphql-trace")
	for name, tt := range map[string]struct {
		args []string
		code int
		want string
	}{
		"the document is wrong": {[]string{"--url", s.gateway + "/graphql", "{ nothing }"}, 1, "rejected"},
		"no server":             {[]string{"--url", "http://127.0.0.1:1/graphql", "{ __typename }"}, 1, "127.0.0.1:1"},
		"it is no GraphQL":      {[]string{"--url", s.gateway + "/metrics", "{ __typename }"}, 1, "405 Method Not Allowed, is not a GraphQL"},
		"traces are off":        {[]string{"--url", s.gateway + "/graphql", "--trace", "{ __typename }"}, 1, "graphql-trace"},
		"variables are no JSON": {[]string{"--variables", "{", "{ __typename }"}, 2, "variables"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := asked(t, tt.args...)
			if exitCode(err) != tt.code || err == nil || !strings.Contains(complaint(err), tt.want) {
				t.Errorf("exit code %d, %v", exitCode(err), err)
			}
		})
	}
}
