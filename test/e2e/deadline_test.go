package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/internal/testkit/upstreamtest"
)

const never = time.Hour

// hang delays calls by service; [never] is longer than any time limit.
func hang(up *upstreamtest.Upstreams, by map[string]time.Duration) {
	up.Delay(func(c upstreamtest.Call) time.Duration { return by[c.Service] })
}

// A slow first hop leaves less to the second: the whole has its time, and what
// cannot end within is not begun.
func TestDeadline_SharedByHops(t *testing.T) {
	const whole, slack = 5 * time.Second, 3 * time.Second // for a busy machine
	for name, c := range map[string]struct {
		ordersTake time.Duration
		leastTime  string
		asked      int // products
	}{
		"something is left for the second": {time.Second, "5ms", 1},
		"too little is left":               {time.Second, "4500ms", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
			hang(up, map[string]time.Duration{upstreamtest.Orders: c.ordersTake, upstreamtest.Products: never})
			p := startGateway(t, testkit.KeepAddr(t), append(over(up), "--drain-delay=0s", "--upstream-timeout=10s",
				fmt.Sprint("--request-timeout=", whole), "--upstream-least-time="+c.leastTime)...)
			start := time.Now()
			status, body := get(t, http.DefaultClient, p.url+"/api/profile/u1")
			took := time.Since(start)
			if status != http.StatusOK || !strings.Contains(body, `"id":"u1-o1"`) || !strings.Contains(body, `{"service":"products","reason":"timeout"}`) {
				t.Errorf("%d %s", status, body)
			}
			if took > whole+slack || c.asked == 0 && took > whole-time.Second {
				t.Errorf("took %v", took)
			}
			if got := up.Count(); got[upstreamtest.Products] != c.asked || got[upstreamtest.Orders] != 1 {
				t.Errorf("asked %s, want products %d times", up.Summary(), c.asked)
			}
		})
	}
}

// A query over an event stream has at most the time of its client.
func TestDeadline_Event(t *testing.T) {
	up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
	hang(up, map[string]time.Duration{upstreamtest.Orders: never})
	p := startGateway(t, testkit.KeepAddr(t), append(over(up), "--drain-delay=0s", "--upstream-timeout=1m", "--request-timeout=1m")...)
	s := &system{t: t, gateway: p.url}
	resp := s.events(`{"query":"{ orders(userId: \"u1\") { id } }"}`, "X-Request-Timeout", "100ms")
	body, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(body), `"UPSTREAM_TIMEOUT"`) {
		t.Errorf("%s %v %s", resp.Status, err, body)
	}
}

// A response at the deadline counts the call for which it waited, although the call has not
// ended.
func TestDeadline_ReportsCall(t *testing.T) {
	up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
	p := startGateway(t, testkit.KeepAddr(t), append(over(up), "--drain-delay=0s", "--upstream-timeout=1m", "--request-timeout=1m")...)
	get(t, http.DefaultClient, p.url+"/graphql?query={orders(userId:%22u1%22){items{product{id}}}}")
	hang(up, map[string]time.Duration{upstreamtest.Users: never})
	s := &system{t: t, gateway: p.url}
	for _, path := range []string{"/api/profile/u1", "/graphql?query={user(id:%22u1%22){id}%20orders(userId:%22u1%22){id}}"} {
		resp := s.send(http.MethodGet, p.url+path, "", "X-Request-Timeout", "100ms")
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || strings.Contains(string(body), `"cached":true`) || resp.Header.Get("Cache-Status") != "tributary; fwd=miss" ||
			!regexp.MustCompile(`users;dur=\d\d+\.\d;desc="1 calls"`).MatchString(resp.Header.Get("Server-Timing")) {
			t.Errorf("%v %v %s", err, resp.Header, body)
		}
	}
}

// A service hangs if it responds to no request within its time, even though no
// attempt reaches its own timeout. Clients that disconnect do not count.
func TestDeadline_HangingService(t *testing.T) {
	const asked = 14
	for name, c := range map[string]struct {
		patience time.Duration // of the client
		says     string        // its X-Request-Timeout
		attempt  string        // how long one may take, and a request, where that is not 150 ms
		want     bool          // the circuit opens
	}{
		"the time of requests is over":        {time.Minute, "", "--upstream-timeout=200ms", true},
		"an attempt might take far longer":    {time.Minute, "", "--upstream-timeout=1m", true},
		"one of this service might":           {time.Minute, "", "--upstream-overrides=orders.timeout=1m", true},
		"the client is in a hurry":            {time.Minute, "100ms", "--upstream-timeout=200ms", false},
		"the client is in a great hurry":      {time.Minute, "20ms", "--upstream-timeout=2s --request-timeout=2s", false},
		"the client disconnected without one": {60 * time.Millisecond, "", "--upstream-timeout=2s --request-timeout=2s", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
			hang(up, map[string]time.Duration{upstreamtest.Orders: never})
			p := startGateway(t, testkit.KeepAddr(t), append(append(over(up), "--drain-delay=0s", "--request-timeout=150ms", "--upstream-breaker-delay=1h"), strings.Fields(c.attempt)...)...)
			client := &http.Client{Transport: &http.Transport{}, Timeout: c.patience}
			defer client.CloseIdleConnections()
			for n := range asked {
				r, err := http.NewRequest(http.MethodGet, fmt.Sprintf("%s/graphql?query={orders(userId:%%22x%d%%22){id}}", p.url, n), http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("X-Request-Timeout", c.says)
				if resp, err := client.Do(r); err == nil {
					_ = resp.Body.Close()
				}
			}
			state := p.figure(http.DefaultClient, `upstream_breaker_state{service_name="orders"}`)
			if opened := state == 2; opened != c.want {
				t.Errorf("the circuit's state is %v", state)
			}
			if n := up.Count()[upstreamtest.Orders]; c.want && n >= asked {
				t.Errorf("%d calls for %d requests", n, asked)
			}
		})
	}
}
