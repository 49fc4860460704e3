package upstream_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
	"tributary/gateway/report"
	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

func TestClient_RequiresURL(t *testing.T) {
	m := upstream.NewMetrics(prometheus.NewRegistry())
	for _, bad := range []string{"", "localhost:8001", "ftp://example.com", "http://", "/poets", "http://exa mple.com", "://",
		"http://:8001", "http://ann:pass@example.com", "http://ann@example.com", "http://example.com/?token=pass", "http://example.com?", "http://example.com#pass"} {
		_, err := upstream.NewClient("things", bad, once, m)
		if err == nil || !strings.Contains(err.Error(), "things") || strings.Contains(err.Error(), "pass") {
			t.Errorf("%q gives the error %v", bad, err)
		}
	}
	for _, good := range []string{"http://example.com", "https://example.com:8443/base/", "http://[::1]:8001"} {
		if _, err := upstream.NewClient("things", good, once, m); err != nil {
			t.Errorf("%q gives the error %v", good, err)
		}
	}
}

func TestClient_EscapesPathSegments(t *testing.T) {
	for _, base := range []string{"", "/", "/api/v1", "/api%2Fv1/"} {
		for segment, want := range map[string]string{
			"plain": "plain", "a/b": "a%2Fb", "..": "%2E%2E", ".": "%2E", "...": "...", "%2F": "%252F", "a b": "a%20b",
			"a+b": "a+b", "?q=1": "%3Fq=1", "#": "%23", "имя": "%D0%B8%D0%BC%D1%8F", "😀": "%F0%9F%98%80",
			"a//b": "a%2F%2Fb", "a;b": "a%3Bb", `a\b`: "a%5Cb", "\u2028": "%E2%80%A8",
		} {
			up := faultyupstream.New(t, faultyupstream.Always(faultyupstream.JSON(`{}`)))
			c, err := upstream.NewClient("things", up.URL()+base, once, upstream.NewMetrics(prometheus.NewRegistry()))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := c.Get(t.Context(), "/things/{id}/parts", segment); err != nil {
				t.Errorf("%q: %v", segment, err)
			}
			want := strings.TrimSuffix(base, "/") + "/things/" + want + "/parts"
			if got := up.Requests()[0].Path; got != want {
				t.Errorf("%q under %q is asked for as %s, want %s", segment, base, got, want)
			}
		}
	}
}

func TestClient_PostsJSON(t *testing.T) {
	c := over(t, once, faultyupstream.Always(faultyupstream.JSON(`[1]`)))
	answer, err := c.Query(t.Context(), map[string][]string{"ids": {"a", `"b"`}}, "/things/batch")
	if err != nil || string(answer) != "[1]" {
		t.Errorf("got %s, %v", answer, err)
	}
	r := c.up.Requests()[0]
	if r.Method != http.MethodPost || r.Path != "/things/batch" || r.Body != `{"ids":["a","\"b\""]}` {
		t.Errorf("asked %+v", r)
	}
	if r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Accept") != "application/json" {
		t.Errorf("asked with %v", r.Header)
	}
	if _, ok := r.Header["Idempotency-Key"]; ok {
		t.Error("the word that the question may be repeated is for us alone")
	}
	_, err = c.Query(t.Context(), func() {}, "/things")
	if reason(t, err) != "internal" || c.attempts() != 1 {
		t.Errorf("a question that is no JSON gives %v", err)
	}
}

func TestClient_UserAgent(t *testing.T) {
	c := over(t, once, faultyupstream.Always(faultyupstream.JSON(`{"id":"t1"}`)))
	c.get(t.Context())
	c.get(upstream.Forward(t.Context(), func(_ string, to http.Header) { to["User-Agent"] = []string{"a client's"} }))
	for i, want := range []string{"tributary", "a client's"} {
		if got := c.up.Requests()[i].Header.Get("User-Agent"); got != want {
			t.Errorf("%q asked, want %q", got, want)
		}
	}
}

func TestClient_IgnoresRedirects(t *testing.T) {
	elsewhere := faultyupstream.New(t, faultyupstream.Always(faultyupstream.JSON(`{"id":"t1"}`)))
	for _, to := range []string{elsewhere.URL() + "/things/t1", "/things/t2", "http://169.254.169.254/"} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			c := over(t, once, faultyupstream.Always(faultyupstream.Answer(status, "", "Location: "+to)))
			if got := c.get(t.Context()); got != "invalid_response" || c.attempts() != 1 {
				t.Errorf("%d to %s gives %s after %d requests", status, to, got, c.attempts())
			}
		}
	}
	if n := len(elsewhere.Requests()); n != 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

func TestClient_IgnoresCookies(t *testing.T) {
	c := over(t, once, faultyupstream.Always(faultyupstream.Answer(200, `{}`, "Set-Cookie: session=1; Path=/")))
	c.get(t.Context())
	c.get(t.Context())
	for _, r := range c.up.Requests() {
		if r.Header.Get("Cookie") != "" {
			t.Errorf("sent the cookie %s", r.Header.Get("Cookie"))
		}
	}
}

func TestClient_ForwardsHeaders(t *testing.T) {
	c := over(t, once, faultyupstream.Always(faultyupstream.JSON(`{}`)))
	ctx := upstream.Forward(t.Context(), func(_ string, to http.Header) {
		to["X-Request-Id"], to["Accept-Language"] = []string{"r1"}, []string{"ru", "en"}
	})
	c.get(ctx)
	_, _ = c.Query(ctx, 1, "/things")
	c.get(t.Context())
	for i, want := range []string{"r1 [ru en]", "r1 [ru en]", " []"} {
		r := c.up.Requests()[i]
		if got := fmt.Sprint(r.Header.Get("X-Request-Id"), " ", r.Header.Values("Accept-Language")); got != want {
			t.Errorf("request %d carries %s, want %s", i, got, want)
		}
	}
}

func TestClient_ReusesConnections(t *testing.T) {
	script := func(n int) faultyupstream.Behaviour {
		return []faultyupstream.Behaviour{
			faultyupstream.JSON(`{}`), faultyupstream.Answer(404, `{}`), faultyupstream.Answer(500, strings.Repeat("x", 900)),
			faultyupstream.Answer(503, ""), faultyupstream.Gzip(`{}`), faultyupstream.Answer(302, "moved", "Location: /"),
		}[n%6]
	}
	c := over(t, once, script)
	for range 12 {
		c.get(t.Context())
	}
	if accepted, _ := c.up.Connections(); accepted != 1 || c.attempts() != 12 {
		t.Errorf("%d connections for %d requests", accepted, c.attempts())
	}
}

func TestErrors_HaveNoIDs(t *testing.T) {
	for name, b := range map[string]faultyupstream.Behaviour{
		"a refusal": faultyupstream.Answer(403, "secret"), "a failure": faultyupstream.Answer(500, "secret"),
		"a reset": faultyupstream.Reset(), "garbage": faultyupstream.Garbage(), "half an answer": faultyupstream.Truncated("secret"),
	} {
		_, err := over(t, once, faultyupstream.Always(b)).Get(t.Context(), "/things/{id}", "id-of-somebody")
		if err == nil || strings.Contains(err.Error(), "id-of-somebody") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s reads %v", name, err)
		}
	}
}

func TestClient_ReportsAttempts(t *testing.T) {
	cfg := once
	cfg.Retries, cfg.RetryBudget = 2, 1
	c := over(t, cfg, faultyupstream.First(1, faultyupstream.Answer(500, ""), faultyupstream.JSON(`{}`)))
	ctx, r := report.With(t.Context())
	c.get(ctx)
	c.get(ctx)
	if err := c.Ping(ctx); err != nil {
		t.Error(err)
	}
	s := r.Summary()
	if len(s.Calls) != 1 || s.Calls[0].Service != "things" || s.Calls[0].Count != 3 || s.Calls[0].Duration <= 0 {
		t.Errorf("the report says %+v of 3 requests", s.Calls)
	}
}

func TestMetrics_InvalidResponse(t *testing.T) {
	c := over(t, once, faultyupstream.Always(faultyupstream.HTML()))
	cause := errors.New("not a JSON object")
	err := c.Invalid(cause)
	if reason(t, err) != "invalid_response" || !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	if n := c.value("service_errors_total", "service_name", "things", "code", "UPSTREAM_INVALID_RESPONSE"); n != 1 {
		t.Errorf("%v errors counted", n)
	}
}

func TestDecode_WrongShape(t *testing.T) {
	var object map[string]any
	var list []any
	for answer, want := range map[string]string{
		` {"a":1}`: "object", "\r\n\t[1]": "list", `null`: "", `1`: "", `"{"`: "", ``: "", ` `: "", `{`: "", `[1`: "", `{}{}`: "", `[]]`: "",
		"\ufeff{}": "", `true`: "",
	} {
		if err := upstream.DecodeObject([]byte(answer), &object); (err == nil) != (want == "object") {
			t.Errorf("%q as an object: %v", answer, err)
		}
		if err := upstream.DecodeList([]byte(answer), &list); (err == nil) != (want == "list") {
			t.Errorf("%q as a list: %v", answer, err)
		}
	}
}

func TestDecode_MissingField(t *testing.T) {
	one := 1
	var f upstream.Fields
	if got := upstream.Require(&f, "a", &one); got != 1 || f.Err() != nil {
		t.Errorf("got %d, %v", got, f.Err())
	}
	upstream.Require[string](&f, "b", nil)
	upstream.Require[bool](&f, "c", nil)
	if f.Err() == nil || !strings.Contains(f.Err().Error(), `"b"`) {
		t.Errorf("got %v", f.Err())
	}
}

func Example() {
	things := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.EscapedPath() {
		case "/things/a%2Fb":
			_, _ = io.WriteString(w, `{"id":"a/b"}`)
		case "/things/locked":
			w.WriteHeader(http.StatusForbidden)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer things.Close()

	cfg := upstream.Config{Timeout: time.Second, Retries: 2, RetryBudget: .1, BreakerRate: .5, BreakerCalls: 10, BreakerWindow: 10 * time.Second}
	c, err := upstream.NewClient("things", things.URL, cfg, upstream.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := upstream.Forward(context.Background(), func(_ string, to http.Header) { to.Set("X-Request-Id", "r1") })
	for _, id := range []string{"a/b", "locked", "unknown"} {
		answer, err := c.Get(ctx, "/things/{id}", id)
		var thing struct{ ID string }
		switch f, failed := errors.AsType[*fault.Error](err); {
		case errors.Is(err, upstream.ErrNotFound):
			fmt.Println("there is no such thing")
		case failed:
			fmt.Println(f.Kind, f.ClientMessage())
		case json.Unmarshal(answer, &thing) == nil:
			fmt.Println("got", thing.ID)
		}
	}
	// Output:
	// got a/b
	// UPSTREAM_REJECTED the things service rejected the request
	// there is no such thing
}
