package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/internal/testkit/faultyupstream"
	"tributary/internal/testkit/upstreamtest"
)

// A client reads what is missing and which service failed. The cause is in the log,
// under the same id.
func TestFailures_LoggedByRequestID(t *testing.T) {
	t.Parallel()
	up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
	up.Stop(upstreamtest.Orders)
	p := startGateway(t, testkit.KeepAddr(t), append(over(up), "--drain-delay=0s")...)
	s := &system{t: t, gateway: p.url}
	for id, ask := range map[string]func(id string) *http.Response{
		"by-graphql": func(id string) *http.Response {
			return s.send(http.MethodPost, p.url+"/graphql", `{"query":"{ mine: user(id: \"u1\") { id orders { id } } }"}`, "Content-Type", "application/json", "X-Request-Id", id)
		},
		"by-rest": func(id string) *http.Response {
			return s.send(http.MethodGet, p.url+"/api/profile/u1", "", "X-Request-Id", id)
		},
	} {
		resp := ask(id)
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("X-Request-Id") != id {
			t.Errorf("%s: %d %v %v", id, resp.StatusCode, resp.Header, err)
		}
		if resp.Header.Get("Cache-Control") != "no-store" || !strings.Contains(resp.Header.Get("Server-Timing"), "orders;dur=") || resp.Header.Get("Cache-Status") == "" {
			t.Errorf("%s: %v", id, resp.Header)
		}
		for _, internal := range []string{"127.0.0.1", "dial", "refused"} {
			if strings.Contains(string(body), internal) {
				t.Errorf("%s: a client reads %s", id, body)
			}
		}
	}
	p.signal()
	if err := <-p.Done; err != nil {
		t.Error(err)
	}
	why, line := map[string]string{}, map[string]string{}
	for text := range strings.Lines(p.Stderr()) {
		var said struct {
			RequestID string `json:"request_id"`
			Msg       string
			Path      string
			Code      string
			Service   string
			Error     string
			Degraded  any
		}
		if err := json.Unmarshal([]byte(text), &said); err != nil {
			t.Errorf("%v: %s", err, text)
		}
		switch {
		case said.Msg == "field failed" && said.Code == "UPSTREAM_UNAVAILABLE" && said.Service == upstreamtest.Orders && strings.HasSuffix(said.Path, ".orders"):
			why[said.RequestID] = said.Error
		case said.Degraded != nil:
			line[said.RequestID] = text
		}
	}
	for _, id := range []string{"by-graphql", "by-rest"} {
		if !strings.Contains(why[id], "refused") || strings.Contains(why[id], "u1") {
			t.Errorf("%s: the log says %q", id, why[id])
		}
		if !strings.Contains(line[id], "orders") {
			t.Errorf("%s: its line is %s", id, line[id])
		}
	}
}

// A call ends when its last waiting request is canceled.
func TestFailures_LastClientGone(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	users := faultyupstream.New(t, faultyupstream.Always(faultyupstream.Stall("")))
	p := startGateway(t, testkit.KeepAddr(t), "--users-url", users.URL(), "--drain-delay=0s", "--request-timeout=1m", "--upstream-timeout=1m", "--upstream-retries=0")
	asked := func(n int) func() bool { return func() bool { return len(users.Requests()) == n } }
	open := func() int { _, open := users.Connections(); return open }
	none := open()

	first, leave := context.WithCancel(t.Context())
	left := make(chan string, 1)
	go func() { left <- askUser(first, p.url) }()
	waitFor(t, asked(1))
	leave()
	if got := <-left; !strings.Contains(got, "context canceled") {
		t.Error(got)
	}
	waitFor(t, func() bool { return open() == none })

	body, err := json.Marshal(upstreamtest.User("u1"))
	if err != nil {
		t.Fatal(err)
	}
	users.SetScript(faultyupstream.Always(faultyupstream.BlockUntil(release, faultyupstream.JSON(string(body)))))
	first, leave = context.WithCancel(t.Context())
	stays := make(chan string, 1)
	go func() { left <- askUser(first, p.url) }()
	waitFor(t, asked(1))
	go func() { stays <- askUser(t.Context(), p.url) }()
	waitFor(t, func() bool { return p.figure(http.DefaultClient, "cache_coalesced_total") == 1 })
	leave()
	<-left
	close(release)
	if got := <-stays; got != `{"data":{"user":{"id":"u1"}}}` || !asked(1)() {
		t.Errorf("who stays gets %s by %d calls", got, len(users.Requests()))
	}
}

func askUser(ctx context.Context, gateway string) string {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, gateway+"/graphql?query={user(id:%22u1%22){id}}", http.NoBody)
	if err != nil {
		return err.Error()
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err.Error()
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(body))
}
