package upstream_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/fault"
	"tributary/gateway/mutation"
	"tributary/gateway/tracing"
	"tributary/gateway/upstream"
	"tributary/internal/testkit/faultyupstream"
)

// thrice is a configuration in which a write may have three attempts, and the budget for
// reads pays for none.
var thrice = upstream.Config{Timeout: 10 * time.Second, MaxBody: 1000, Retries: 2, Backoff: time.Microsecond, BackoffMax: time.Microsecond}

var errUnread = errors.New("not what was expected")

// put makes a write, and returns its outcome: "executed", or that of its error.
func (c *client) put(w upstream.Write) (outcome string, failed *fault.Error) {
	c.t.Helper()
	w.Route, w.Path = "/things/{id}", "/things/t1"
	err := c.Send(c.t.Context(), w, func(response []byte) error {
		if !strings.HasPrefix(string(response), `{"id"`) {
			return errUnread
		}
		return nil
	})
	if err == nil {
		return "executed", nil
	}
	if !errors.As(err, &failed) || failed.Service != "things" || failed.Outcome == "" {
		c.t.Fatalf("the error %v tells no service or outcome", err)
	}
	return string(failed.Outcome), failed
}

func TestSend_Outcomes(t *testing.T) {
	t.Parallel()
	const full = `{"id":"t1"}`
	refusal := func(status int) faultyupstream.Behaviour { return faultyupstream.Answer(status, ``) }
	type want struct {
		kind     fault.Kind
		outcome  string
		attempts int
	}
	for name, tt := range map[string]struct {
		script faultyupstream.Script
		slow   bool
		once   want // without a key
		keyed  want
	}{
		"accepted": {faultyupstream.Always(faultyupstream.JSON(full)), false, want{0, "executed", 1}, want{0, "executed", 1}},
		"reset":    {faultyupstream.Always(faultyupstream.Reset()), false, want{fault.Unavailable, "unknown", 1}, want{fault.Unavailable, "unknown", 3}},
		"hangup":   {faultyupstream.Always(faultyupstream.CloseWithoutResponse()), false, want{fault.Unavailable, "unknown", 1}, want{fault.Unavailable, "unknown", 3}},
		"reset, then accepted": {
			faultyupstream.First(1, faultyupstream.Reset(), faultyupstream.JSON(full)), false,
			want{fault.Unavailable, "unknown", 1}, want{0, "executed", 2},
		},
		"reset, then refused": {
			faultyupstream.First(1, faultyupstream.Reset(), refusal(422)), false,
			want{fault.Unavailable, "unknown", 1}, want{fault.Rejected, "unknown", 2},
		},
		"5xx, then refused": {
			faultyupstream.First(2, refusal(503), refusal(404)), false,
			want{fault.Unavailable, "unknown", 1}, want{fault.Rejected, "unknown", 3},
		},
		"within the headers": {
			faultyupstream.Always(faultyupstream.Raw("HTTP/1.1 201 Cre")), false,
			want{fault.Unavailable, "unknown", 1}, want{fault.Unavailable, "unknown", 3},
		},
		"within the body": {
			faultyupstream.Always(faultyupstream.Truncated(full)), false,
			want{fault.Unavailable, "unknown", 1}, want{fault.Unavailable, "unknown", 3},
		},
		"stalled": {
			faultyupstream.Always(faultyupstream.Stall("")), true,
			want{fault.Timeout, "unknown", 1}, want{fault.Timeout, "unknown", 3},
		},
		"not HTTP":     {faultyupstream.Always(faultyupstream.Garbage()), false, want{fault.Unavailable, "unknown", 1}, want{fault.Unavailable, "unknown", 3}},
		"unreadable":   {faultyupstream.Always(faultyupstream.HTML()), false, want{fault.InvalidResponse, "unknown", 1}, want{fault.InvalidResponse, "unknown", 1}},
		"redirected":   {faultyupstream.Always(refusal(303)), false, want{fault.InvalidResponse, "unknown", 1}, want{fault.InvalidResponse, "unknown", 1}},
		"500":          {faultyupstream.Always(refusal(500)), false, want{fault.Unavailable, "unknown", 1}, want{fault.Unavailable, "unknown", 3}},
		"504":          {faultyupstream.Always(refusal(504)), false, want{fault.Timeout, "unknown", 1}, want{fault.Timeout, "unknown", 3}},
		"408":          {faultyupstream.Always(refusal(408)), false, want{fault.Timeout, "unknown", 1}, want{fault.Timeout, "unknown", 3}},
		"429":          {faultyupstream.Always(refusal(429)), false, want{fault.Unavailable, "not_executed", 1}, want{fault.Unavailable, "unknown", 3}},
		"400":          {faultyupstream.Always(refusal(400)), false, want{fault.Rejected, "not_executed", 1}, want{fault.Rejected, "not_executed", 1}},
		"401":          {faultyupstream.Always(refusal(401)), false, want{fault.Rejected, "not_executed", 1}, want{fault.Rejected, "not_executed", 1}},
		"404":          {faultyupstream.Always(refusal(404)), false, want{fault.Rejected, "not_executed", 1}, want{fault.Rejected, "not_executed", 1}},
		"a page, 404":  {faultyupstream.Always(faultyupstream.Answer(404, "Sorry", "Content-Type: text/plain")), false, want{fault.Rejected, "not_executed", 1}, want{fault.Rejected, "not_executed", 1}},
		"409":          {faultyupstream.Always(refusal(409)), false, want{fault.Rejected, "not_executed", 1}, want{fault.Rejected, "not_executed", 1}},
		"410":          {faultyupstream.Always(refusal(410)), false, want{fault.Rejected, "not_executed", 1}, want{fault.Rejected, "not_executed", 1}},
		"422":          {faultyupstream.Always(refusal(422)), false, want{fault.Rejected, "not_executed", 1}, want{fault.Rejected, "not_executed", 1}},
		"451":          {faultyupstream.Always(refusal(451)), false, want{fault.Rejected, "not_executed", 1}, want{fault.Rejected, "not_executed", 1}},
		"100 for ever": {faultyupstream.Always(faultyupstream.Stall("HTTP/1.1 100 Continue\r\n\r\n")), true, want{fault.Timeout, "unknown", 1}, want{fault.Timeout, "unknown", 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := thrice
			if tt.slow {
				cfg.Timeout = 250 * time.Millisecond // so that each try arrives
			}
			c := over(t, cfg, tt.script)
			for _, try := range []struct {
				upstream.Write
				want
			}{
				{upstream.Write{Request: upstream.Request{Method: http.MethodPost, Body: []byte(`{}`)}}, tt.once},
				{upstream.Write{Request: upstream.Request{Method: http.MethodPatch}}, tt.once},
				{upstream.Write{Request: upstream.Request{Method: http.MethodPost, Body: []byte(`{}`)}, Key: "k"}, tt.keyed},
				{upstream.Write{Request: upstream.Request{Method: http.MethodPut, Body: []byte(`{}`)}}, tt.keyed},
				{upstream.Write{Request: upstream.Request{Method: http.MethodDelete}}, tt.keyed},
			} {
				c.up.SetScript(tt.script)
				before := c.value("upstream_writes_total", "outcome", try.outcome)
				outcome, failed := c.put(try.Write)
				got := want{outcome: outcome, attempts: c.attempts()}
				if failed != nil {
					got.kind = failed.Kind
				}
				if got != try.want {
					t.Errorf("%s with key %q: %v, want %v", try.Method, try.Key, got, try.want)
				}
				if n := c.value("upstream_writes_total", "outcome", try.outcome); n != before+1 {
					t.Errorf("%s counted %v times", try.outcome, n-before)
				}
			}
		})
	}
}

// net/http sends a request with a key again by itself when a connection that it has reused
// is closed.
func TestSend_ResentByTransport(t *testing.T) {
	c := over(t, once, nil)
	for name, lost := range map[string]faultyupstream.Behaviour{"reset": faultyupstream.Reset(), "hangup": faultyupstream.CloseWithoutResponse()} {
		c.up.SetScript(func(n int) faultyupstream.Behaviour {
			return []faultyupstream.Behaviour{faultyupstream.JSON(`{"id":"t1"}`), lost, faultyupstream.Answer(422, ``)}[n]
		})
		w := upstream.Write{Request: upstream.Request{Method: http.MethodPost}, Key: "k"}
		if outcome, _ := c.put(w); outcome != "executed" {
			t.Fatal(name, outcome)
		}
		outcome, failed := c.put(w)
		if outcome != "unknown" || failed.Kind != fault.Rejected || c.attempts() != 3 {
			t.Errorf("%s: %s after %d attempts", name, outcome, c.attempts())
		}
	}
}

func TestSend_CannotArrive(t *testing.T) {
	up := faultyupstream.New(t, faultyupstream.Always(faultyupstream.JSON(`{"id":"t1"}`)))
	at := func(url string) *client {
		reg := prometheus.NewRegistry()
		c, err := upstream.NewClient("things", url, thrice, upstream.NewMetrics(reg))
		if err != nil {
			t.Fatal(err)
		}
		return &client{c, t, up, reg}
	}
	refused := at(up.URL())
	w := upstream.Write{Request: upstream.Request{Method: http.MethodPost}}
	for name, c := range map[string]*client{
		"TLS": at(strings.Replace(up.URL(), "http:", "https:", 1)), "DNS": at("http://no..such.example.com"),
	} {
		outcome, failed := c.put(w)
		if outcome != "not_executed" || failed.Kind != fault.Unavailable || c.value("upstream_attempts_total") != 3 {
			t.Errorf("%s: %s, %v", name, outcome, failed)
		}
	}
	up.Refuse()
	if outcome, failed := refused.put(w); outcome != "not_executed" || failed.Kind != fault.Unavailable || refused.value("upstream_attempts_total") != 3 {
		t.Errorf("refused: %s, %v after %v attempts", outcome, failed, refused.value("upstream_attempts_total"))
	}
}

func TestSend_NotAdmitted(t *testing.T) {
	cfg := once
	cfg.BreakerRate, cfg.BreakerCalls, cfg.BreakerWindow, cfg.BreakerDelay = .5, 1, time.Minute, time.Hour
	c := over(t, cfg, faultyupstream.Always(faultyupstream.Answer(500, ``)))
	c.get(t.Context())
	w := upstream.Write{Request: upstream.Request{Method: http.MethodPost}, Key: "k"}
	if outcome, failed := c.put(w); outcome != "not_executed" || failed.Kind != fault.CircuitOpen {
		t.Errorf("circuit open: %s, %v", outcome, failed)
	}
	cfg = once
	cfg.Concurrency = 1
	release := make(chan struct{})
	full := over(t, cfg, faultyupstream.Always(faultyupstream.BlockUntil(release, faultyupstream.JSON(`{}`))))
	done := make(chan string)
	go func() { done <- full.get(t.Context()) }()
	until(t, "the only slot is taken", func() bool { return full.attempts() == 1 })
	if outcome, failed := full.put(w); outcome != "not_executed" || failed.Kind != fault.Overloaded {
		t.Errorf("no slot: %s, %v", outcome, failed)
	}
	close(release)
	<-done
}

func TestSend_KeyUnderWay(t *testing.T) {
	for problem, underWay := range map[string]bool{
		`{"title":"A request is outstanding for this Idempotency-Key"}`:                  true,
		`{"detail":"the same request is under way"}`:                                     true,
		`{"title":"Conflict","detail":"Your edition is being processed"}`:                true,
		`{"title":"Conflict","code":"CONCURRENT_REQUEST"}`:                               true,
		`{"type":"https://example.com/problems/request-in-progress","title":"Conflict"}`: true,
		`{"error":{"code":"idempotency_error","message":"Conflict"}}`:                    true,
		`{"error":"duplicate_request"}`:                                                  true,
		`{"message":"another call is in flight"}`:                                        true,
		`{"code":"retry_later"}`:                                                         true,
		`{"title":"Pending"}`:                                                            true,
		`{"type":"about:blank"}`:                                                         true, // it does not say
		``:                                                                               true,
		`{"title":"the thing was sold"}`:                                                 false,
		`{"detail":"sold to someone else"}`:                                              false,
		`{"title":"Conflict","status":409,"instance":"/drafts/process"}`:                 false,
		`{"error":{"code":"version_mismatch"},"type":"https://example.com/problems/x"}`:  false,
	} {
		c := over(t, thrice, faultyupstream.Always(faultyupstream.Answer(409, problem, "Content-Type: application/problem+json")))
		for _, repeats := range []bool{false, true} {
			want, attempts := "not_executed", 1
			if underWay && repeats {
				want, attempts = "unknown", 3
			}
			before := c.attempts()
			outcome, _ := c.put(upstream.Write{Request: upstream.Request{Method: http.MethodPost}, Key: "k", KeyRepeats: repeats})
			if n := c.attempts() - before; outcome != want || n != attempts {
				t.Errorf("%s, repeats %t: %s after %d attempts, want %s after %d", problem, repeats, outcome, n, want, attempts)
			}
		}
	}
}

// A 409 that answers the repetition of a request which is under way is no answer: the write is
// sent again until it has one.
func TestSend_WaitsForUnderWay(t *testing.T) {
	underWay := faultyupstream.Answer(409, `{"title":"A request with this key is in progress"}`, "Content-Type: application/problem+json")
	done := faultyupstream.JSON(`{"id":"t1"}`)
	type want struct {
		outcome  string
		attempts int
	}
	for name, tt := range map[string]struct {
		script  []faultyupstream.Behaviour
		key     string
		repeats bool
		want    want
	}{
		"of an attempt":     {[]faultyupstream.Behaviour{faultyupstream.Reset(), underWay, done}, "k", false, want{"executed", 3}},
		"of a request":      {[]faultyupstream.Behaviour{underWay, underWay, done}, "k", true, want{"executed", 3}},
		"of a slow attempt": {[]faultyupstream.Behaviour{faultyupstream.Answer(503, ``), underWay, underWay}, "k", false, want{"unknown", 3}},
		"of no other":       {[]faultyupstream.Behaviour{underWay, done, done}, "k", false, want{"not_executed", 1}},
		"without a key":     {[]faultyupstream.Behaviour{underWay, done, done}, "", true, want{"not_executed", 1}},
	} {
		c := over(t, thrice, func(n int) faultyupstream.Behaviour { return tt.script[n] })
		outcome, _ := c.put(upstream.Write{Request: upstream.Request{Method: http.MethodPost}, Key: tt.key, KeyRepeats: tt.repeats})
		if got := (want{outcome, c.attempts()}); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func TestSend_Problem(t *testing.T) {
	long := strings.Repeat("ж", 700)
	for name, tt := range map[string]struct {
		status            int
		contentType, body string
		want              string // "" for none
	}{
		"whole":            {422, "application/problem+json", `{"type":"x","title":"Invalid","detail":"look","status":1,"instance":"/i","errors":[{"location":"body.id"}],"secret":1}`, `422 Invalid look [{"location":"body.id"}]`},
		"an object":        {400, "application/json; charset=utf-8", `{"errors":{"id":["bad"]}}`, `400   {"id":["bad"]}`},
		"404":              {404, "application/vnd.x+json", `{"title":"No"}`, `404 No  `},
		"409":              {409, "application/problem+json", `{"title":"Sold"}`, `409 Sold  `},
		"412":              {412, "application/problem+json", `{"detail":"old"}`, `412  old `},
		"other types":      {422, "application/problem+json", `{"title":1,"detail":{},"errors":"e"}`, `422   `},
		"not an object":    {422, "application/problem+json", `[1]`, `422   `},
		"not JSON":         {422, "application/problem+json", `{"title":`, `422   `},
		"not UTF-8":        {422, "application/problem+json", "{\"title\":\"\xff\"}", `422   `},
		"a page":           {404, "text/html", `<html>`, `404   `},
		"nothing":          {422, "", ``, `422   `},
		"a long text":      {422, "application/problem+json", `{"title":"` + long + `"}`, `422 ` + long[:1024] + `…  `},
		"many errors":      {422, "application/problem+json", `{"title":"T","errors":["` + strings.Repeat("x", 17000) + `"]}`, `422 T  `},
		"too much":         {422, "application/problem+json", `{"title":"` + strings.Repeat("x", 70000) + `"}`, `422   `},
		"401":              {401, "application/problem+json", `{"title":"No"}`, ``},
		"403":              {403, "application/problem+json", `{"title":"No"}`, ``},
		"500":              {500, "application/problem+json", `{"title":"No"}`, ``},
		"204 with no body": {303, "application/problem+json", `{"title":"No"}`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := once
			cfg.MaxBody = 1 << 20
			c := over(t, cfg, faultyupstream.Always(faultyupstream.Answer(tt.status, tt.body, "Content-Type: "+tt.contentType)))
			_, failed := c.put(upstream.Write{Request: upstream.Request{Method: http.MethodPost}})
			got := ""
			if p := failed.Problem; p != nil {
				got = fmt.Sprint(p.Status, " ", p.Title, " ", p.Detail, " ", string(p.Errors))
			}
			if got != tt.want {
				t.Errorf("problem %.200q, want %.200q", got, tt.want)
			}
		})
	}
}

func TestSend_NeverHedged(t *testing.T) {
	cfg := once
	cfg.HedgeQuantile, cfg.RetryBudget = .5, 1
	c := over(t, cfg, faultyupstream.Always(faultyupstream.JSON(`{"id":"t1"}`)))
	for range 60 { // more than are measured before anything is hedged
		c.get(t.Context())
	}
	c.up.SetScript(faultyupstream.Always(faultyupstream.Late(100*time.Millisecond, faultyupstream.JSON(`{"id":"t1"}`))))
	for _, w := range []upstream.Write{{Request: upstream.Request{Method: http.MethodPut}}, {Request: upstream.Request{Method: http.MethodPost}, Key: "k"}} {
		outcome, failed := c.put(w)
		sent := 0
		for _, r := range c.up.Requests() { // hedges of reads may arrive late
			if r.Method == w.Method {
				sent++
			}
		}
		if outcome != "executed" || sent != 1 {
			t.Errorf("%s %v after %d attempts", outcome, failed, sent)
		}
	}
}

func TestSend_MarksItsField(t *testing.T) {
	for _, tt := range []struct {
		behave faultyupstream.Behaviour
		sent   bool
	}{
		{faultyupstream.JSON(`{"id":"t1"}`), true},
		{faultyupstream.Reset(), true},
		{faultyupstream.Answer(422, ``), false},
	} {
		c := over(t, once, faultyupstream.Always(tt.behave))
		ctx := mutation.WithField(mutation.With(t.Context(), mutation.Origin{}), "a")
		_ = c.Send(ctx, upstream.Write{Request: upstream.Request{Method: http.MethodPost, Path: "/things/t1"}}, func([]byte) error { return nil })
		if got := mutation.FieldOf(ctx).MayHaveExecuted(); got != tt.sent {
			t.Errorf("may have been executed: %t, want %t", got, tt.sent)
		}
	}
}

// The span of a call says what the response says of the outcome.
func TestSend_OutcomeInSpans(t *testing.T) {
	for want, behave := range map[string]faultyupstream.Behaviour{
		"executed": faultyupstream.JSON(`{"id":"t1"}`), "not_executed": faultyupstream.Answer(404, ``), "unknown": faultyupstream.Reset(),
	} {
		c := over(t, once, faultyupstream.Always(behave))
		ctx, collection := tracing.StartRecording(t.Context())
		_ = c.Send(ctx, upstream.Write{Request: upstream.Request{Method: http.MethodPost, Route: "/things", Path: "/things"}}, func([]byte) error { return nil })
		_, _ = c.Get(ctx, "/things/{id}", "t1")
		var got []any
		for _, span := range collection.Spans() {
			if span.Step == tracing.Call {
				got = append(got, span.Attributes[tracing.Written])
			}
		}
		if !slices.Equal(got, []any{want, nil}) {
			t.Errorf("%s: %v", want, got)
		}
	}
}
