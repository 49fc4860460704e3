package engine_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tributary/gateway/engine"
	"tributary/gateway/engine/limits"
)

// The values of a request are counted before they are decoded, by whatever way they come and
// wherever they stand.
func TestValues_HoldAtTheirLimit(t *testing.T) {
	bounds := limits.Default()
	bounds.Values = 50
	list := func(n int) string { return "[1" + strings.Repeat(", {}", n-2) + "]" } // n values
	for name, tt := range map[string]struct {
		body func(n int) string
		url  func(n int) url.Values
	}{
		"variables": {func(n int) string { return `{"query":"{ hello }","variables":{"a":` + list(n-3) + `}}` }, nil},
		"members":   {func(n int) string { return `{"query":"{ hello }"` + times(n-2, `,"m#":"x"`) + `}` }, nil},
		"names": {func(n int) string {
			return `{"query":"{ hello }","variables":{"a[,{":1` + times(n-4, `,"\"#,":[]`) + `}}`
		}, nil},
		"extensions": {func(n int) string { return `{"query":"{ hello }","extensions":{"a":` + list(n-3) + `}}` }, nil},
		"elsewhere":  {func(n int) string { return `{"query":"{ hello }","x":` + list(n-2) + `}` }, nil},
		"a list": {func(n int) string {
			return `[{"query":"{ hello }","x":` + list(20) + `},{"query":"{ hello }","x":` + list(n-25) + `}]`
		}, nil},
		"GET": {nil, func(n int) url.Values {
			return url.Values{"query": {"{ hello }"}, "variables": {`{"a":` + list(n-21) + `}`}, "extensions": {`{"b":` + list(19) + `}`}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, engine.Config{Limits: bounds, Batching: 2})
			ask := func(n int) reply {
				if tt.url != nil {
					return s.do(http.MethodGet, tt.url(n).Encode(), "", "Accept", graphQL)
				}
				return s.post(tt.body(n))
			}
			if got := ask(bounds.Values); got.status != http.StatusOK || !strings.Contains(got.text, "hello you") {
				t.Errorf("at the limit: %d %s", got.status, got.text)
			}
			over := ask(bounds.Values+1).expect(422, "QUERY_TOO_COMPLEX").answer().Errors[0]
			if e := over.Extensions; e["limit"] != "values" || e["allowed"] != 50.0 || e["value"] != 51.0 {
				t.Errorf("one above: %v", e)
			}
			if n := s.count("graphql_limit_hits_total", "values"); n != 1 {
				t.Errorf("counted %v", n)
			}
		})
	}
}

// On streams, too many values refuse their operation alone.
func TestValues_OfStreams(t *testing.T) {
	bounds := limits.Default()
	bounds.Values = 5
	s := newStreaming(t, usualStreams(), bounds)
	c := s.greeted(t)
	c.Send(`{"id":"1","type":"subscribe","payload":{"query":"{ hello }","x":[1,2]}}`)
	c.Expect(`{"id":"1","type":"next","payload":{"data":{"hello":"hello you"}}}`, `{"id":"1","type":"complete"}`)
	c.Send(`{"id":"1","type":"subscribe","payload":{"query":"{ hello }","x":[1,2,3]}}`)
	c.Expect(`{"id":"1","type":"error","payload":[{"message":"the request has 6 JSON values, more than 5","extensions":{"allowed":5,"code":"QUERY_TOO_COMPLEX","limit":"values","value":6}}]}`)
	c.Send(`{"type":"ping","payload":{"x":[1,2,3,4,5,6,7]}}`) // which is not decoded
	c.Expect(`{"type":"pong"}`)
}

// The number of values is that which a decoder finds.
func FuzzCountValues(f *testing.F) {
	for _, seed := range []string{
		`1`, `"a"`, `{}`, `[]`, `[[],{}]`, `{"a":[1,"\"",{"b":null}],"c,[{":"],}"}`, ` [ 1 , -2.5e3 , true ] `, `[[[[]]]]`, `{"":{"":{}}}`, `"\\"`, `{"a":1,"a":2}`, `[1,`, `[,]`, `"\ud800"`,
	} {
		f.Add(seed)
	}
	bounds := limits.Default()
	bounds.Values = 1
	s := newServer(f, engine.Config{Limits: bounds})
	f.Fuzz(func(t *testing.T, text string) {
		body := `{"x":` + text + `}`
		asked := *s
		asked.t = t
		got := asked.post(body)
		if got.status == http.StatusBadRequest { // also for some JSON: two members of one name, half of a surrogate pair
			return
		}
		if !json.Valid([]byte(body)) {
			t.Fatalf("no JSON: %d %s", got.status, got.text)
		}
		n := decodedValues(json.NewDecoder(strings.NewReader(body)))
		if e := got.answer().Errors[0].Extensions; e["limit"] != "values" || e["value"] != float64(n) {
			t.Errorf("%d values, refused for %v", n, e)
		}
	})
}

// decodedValues counts the next value of d, and those in it.
func decodedValues(d *json.Decoder) int {
	begin, err := d.Token()
	if err != nil {
		panic(err) // of valid JSON
	}
	n := 1
	if _, ok := begin.(json.Delim); !ok {
		return n
	}
	for d.More() {
		if begin == json.Delim('{') {
			_, _ = d.Token() // the name
		}
		n += decodedValues(d)
	}
	_, _ = d.Token()
	return n
}
