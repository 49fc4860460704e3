package upstream_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tributary/gateway/fault"
	"tributary/internal/testkit/faultyupstream"
)

// bodies are those that a response of any status may have.
var bodies = []struct {
	name, contentType, text string
	page                    bool // is a page, as a proxy sends it
}{
	{"JSON", "application/json", `{"id":"t1"}`, false},
	{"a problem", "application/problem+json", `{"status":404}`, false},
	{"HTML", "text/html; charset=utf-8", "<html>Sorry</html>", true},
	{"text", "text/plain", "Sorry", true},
	{"XHTML", "application/xhtml+xml", "<html xmlns='http://www.w3.org/1999/xhtml'/>", true},
	{"no type, HTML", "", "<!doctype html><title>Sorry</title>", true},
	{"no type, text", "", "Sorry", true},
	{"no type, JSON", "", ` [{"id":"t1"}]`, false},
	{"no type, binary", "", "\x00\x01\x02\x03", false},
	{"a bad type, text", "/;", "Sorry", true},
	{"JSON as text", "text/plain", `{"error":"not found"}`, false},
	{"JSON as HTML", "text/html", `{"error":"not found"}`, false},
	{"text that looks like JSON", "text/plain", `{Sorry}`, true},
	{"JSON as text/json", "text/json", `"Sorry"`, false},
	{"no body", "", "", false},
	{"no body, HTML", "text/html", "", false},
	{"a blank body, text", "text/plain", "\r\n", false},
}

// outcomeOf returns what the outcome of a call must be.
func outcomeOf(status int, page bool) string {
	switch {
	case status < 300:
		return "ok"
	case status < 400:
		return "invalid_response"
	case (status == 404 || status == 410) && page:
		return "invalid_response"
	case status == 404, status == 410:
		return "not_found"
	case status == 408, status == 504:
		return "timeout"
	case status == 429, status >= 500:
		return "unavailable"
	}
	return "rejected"
}

func TestStatus_HasItsOutcome(t *testing.T) {
	t.Parallel()
	for _, body := range bodies {
		t.Run(body.name, func(t *testing.T) {
			t.Parallel()
			status := 200
			c := over(t, once, func(int) faultyupstream.Behaviour { return answer(status, body.contentType, body.text) })
			for ; status < 600; status++ {
				if status == 200 && body.text == "" {
					continue
				}
				_, err := c.Get(t.Context(), "/things/{id}", "t1")
				if got, want := reason(t, err), outcomeOf(status, body.page); got != want {
					t.Errorf("%d is %s, want %s", status, got, want)
				}
				if page := errors.Is(err, fault.ErrNotFoundPage); page != (body.page && (status == 404 || status == 410)) {
					t.Errorf("%d is a page: %t", status, page)
				}
				if f, ok := errors.AsType[*fault.Error](err); ok && f.Status != status {
					t.Errorf("%d is said to be %d", status, f.Status)
				}
				if fault.Refused(err) != (outcomeOf(status, body.page) == "rejected") || fault.Revoked(err) != (status == 401 || status == 403 || status == 451) {
					t.Errorf("%d refuses: %t, revokes: %t", status, fault.Refused(err), fault.Revoked(err))
				}
			}
		})
	}
}

// answer returns a response that has a body where its status permits one.
func answer(status int, contentType, body string) faultyupstream.Behaviour {
	if status == 204 || status == 304 {
		return faultyupstream.Answer(status, "")
	}
	if contentType == "" {
		return faultyupstream.Answer(status, body)
	}
	return faultyupstream.Answer(status, body, "Content-Type: "+contentType)
}

// Informational responses are followed by the final one; 101 is final, and its body is
// the connection.
func TestStatus_Informational(t *testing.T) {
	for status := 100; status < 200; status++ {
		c := over(t, once, faultyupstream.Always(faultyupstream.Raw(fmt.Sprintf("HTTP/1.1 %d Wait\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", status))))
		want := "ok"
		if status == 101 {
			want = "invalid_response"
		}
		if got := c.get(t.Context()); got != want {
			t.Errorf("%d is %s, want %s", status, got, want)
		}
	}
	upgraded := over(t, once, faultyupstream.Always(faultyupstream.Stall("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")))
	start := time.Now()
	if got := upgraded.get(t.Context()); got != "invalid_response" || time.Since(start) > once.Timeout/2 {
		t.Errorf("101 is %s after %v", got, time.Since(start))
	}
}

// A service that answers below 500 works, and only failures that may pass are retried.
func TestStatus_CountsForCircuitAndRetries(t *testing.T) {
	t.Parallel()
	for status := 200; status < 600; status++ {
		for _, body := range []string{`{}`, "Sorry"} {
			cfg := guarded(time.Hour)
			cfg.BreakerCalls = 2
			cfg.Retries, cfg.RetryBudget, cfg.Backoff, cfg.BackoffMax = 1, 1, 1, 1
			c := over(t, cfg, faultyupstream.Always(answer(status, "", body)))
			for range 2 {
				_, _ = c.Get(t.Context(), "/things/{id}", "t1")
			}
			attempts, state := 2, closed
			if out := outcomeOf(status, false); out == "unavailable" || out == "timeout" {
				attempts = 4
			}
			if status >= 500 {
				state = open
			}
			if c.attempts() != attempts || c.circuit() != float64(state) {
				t.Errorf("%d with %s: %d requests, want %d; circuit %v, want %d", status, body, c.attempts(), attempts, c.circuit(), state)
			}
		}
	}
}

// A page may be a service's way to say "not found", which is no error of the service.
func TestStatus_PagesAreNotCountedAsErrors(t *testing.T) {
	for _, status := range []int{404, 410} {
		for _, body := range bodies {
			c := over(t, once, faultyupstream.Always(answer(status, body.contentType, body.text)))
			_, _ = c.Get(t.Context(), "/things/{id}", "t1")
			if c.value("service_errors_total") != 0 || c.value("upstream_call_duration_seconds", "outcome", "ok") != 1 {
				t.Errorf("%d with %s counts as an error", status, body.name)
			}
		}
	}
}

// Whatever is wrong with the body of a refusal or a failure, the status says what it is.
func TestStatus_DecidesWhateverTheBodyIs(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"stalled":      "Content-Length: 100\r\n\r\n{",
		"announced":    "Content-Length: 100000000\r\n\r\n{",
		"too long":     "Content-Length: 5000\r\n\r\n" + strings.Repeat(" ", 5000),
		"not packed":   "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nSorry",
		"broken chunk": "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			for _, status := range []int{300, 400, 401, 403, 418, 422, 451, 500, 503} {
				t.Run(fmt.Sprint(status), func(t *testing.T) {
					t.Parallel()
					cfg, behave := once, faultyupstream.Raw
					if name == "stalled" || name == "announced" {
						cfg.Timeout, behave = 250*time.Millisecond, faultyupstream.Stall
					}
					c := over(t, cfg, faultyupstream.Always(behave(fmt.Sprintf("HTTP/1.1 %d No\r\n%s", status, body))))
					for range 2 {
						_, err := c.Get(t.Context(), "/things/{id}", "t1")
						if f, ok := errors.AsType[*fault.Error](err); !ok || f.Status != status || f.Kind.Reason() != outcomeOf(status, false) {
							t.Errorf("%d is %v", status, err)
						}
					}
					until(t, "at most one connection is open", func() bool { _, open := c.up.Connections(); return open <= 1 })
				})
			}
		})
	}
}
