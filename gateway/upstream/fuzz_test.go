package upstream

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// Retry-After is never negative, and never large enough to overflow the retry delay.
func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{"", "0", "1", "-1", "120", "4294967296", "1e9", "Fri, 01 Jan 2100 00:00:00 GMT", "Mon, 01 Jan 1990 00:00:00 GMT", "soon"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		d := retryAfter(http.Header{"Retry-After": {value}})
		if d < 0 || d+time.Hour < d {
			t.Errorf("Retry-After %q is a wait of %v", value, d)
		}
	})
}

// A response is an object or a list, not both, and only JSON is decoded.
func FuzzDecode(f *testing.F) {
	for _, answer := range []string{"", "{}", "[]", " {\"a\":1}", "null", "{}{}", "[1", "\ufeff{}", "\xff", `{"a":{"a":{}}}`} {
		f.Add([]byte(answer))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		var object map[string]any
		var list []any
		isObject, isList := DecodeObject(answer, &object) == nil, DecodeList(answer, &list) == nil
		if isObject && isList || (isObject || isList) && !json.Valid(answer) {
			t.Errorf("%q is an object: %v, a list: %v", answer, isObject, isList)
		}
	})
}

// An override is rejected by its name, or is usable.
func FuzzOverrides(f *testing.F) {
	for _, s := range [][2]string{{"drafts.timeout", "3s"}, {"drafts.retries", "0"}, {"drafts.hedge-quantile", "0.95"}, {"drafts", "1"}, {".", ""}, {"drafts.overrides", "{}"}, {"drafts.timeout", "-1ns"}, {"drafts.queue", "1e99"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		c := Config{Timeout: time.Second, Overrides: Overrides{key: value}}
		if err := c.Validate(); err != nil {
			if !strings.HasPrefix(err.Error(), "upstream-overrides: ") {
				t.Errorf("%s=%s: %v", key, value, err)
			}
			return
		}
		if !utf8.ValidString(key) {
			return // not a name of a service; main knows them all
		}
		for _, service := range c.Overrides.Services() {
			if _, err := NewClient(service, "http://localhost", c, NewMetrics(prometheus.NewRegistry())); err != nil {
				t.Errorf("%s=%s: %v", key, value, err)
			}
		}
	})
}
