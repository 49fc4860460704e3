package e2e_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/internal/testkit/faultyupstream"
	"tributary/internal/testkit/upstreamtest"
	"tributary/test/harness"
)

// program is a gateway that runs alone.
type program struct {
	*harness.Process
	t   *testing.T
	url string
}

// startGateway starts a gateway at addr and waits until it is ready.
func startGateway(t *testing.T, addr string, args ...string) *program {
	t.Helper()
	return startGatewayIn(t, nil, addr, args...)
}

// startGatewayIn is [startGateway] in an environment that has more, as in NAME=value.
func startGatewayIn(t *testing.T, env []string, addr string, args ...string) *program {
	t.Helper()
	p := &program{t: t, url: "http://" + addr,
		Process: builder.Start(t, env, io.Discard, append([]string{"gateway", "--addr", addr}, args...)...)}
	waitFor(t, func() bool { return p.ready() == http.StatusOK })
	return p
}

func (p *program) ready() int {
	resp, err := http.Get(p.url + "/readyz")
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// figure returns a metric of a gateway, requested over a connection of its own.
func (p *program) figure(client *http.Client, name string) float64 {
	p.t.Helper()
	return p.figures(client, name)[0]
}

// figures returns metrics of a gateway from one scrape.
func (p *program) figures(client *http.Client, names ...string) []float64 {
	p.t.Helper()
	return testkit.Scrape(p.t, client, p.url, names...)
}

func (p *program) signal() { p.Stop() }

// over are the flags of a gateway over the services of a test.
func over(up *upstreamtest.Upstreams) []string {
	where := up.Config()
	return []string{"--users-url", where.UsersURL, "--orders-url", where.OrdersURL, "--products-url", where.ProductsURL}
}

func TestProcess_SecondSignal(t *testing.T) {
	t.Parallel()
	up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
	p := startGateway(t, testkit.KeepAddr(t), append(over(up), "--drain-delay=1h")...)
	p.signal()
	waitFor(t, func() bool { return p.ready() == http.StatusServiceUnavailable })
	again := time.NewTicker(100 * time.Millisecond) // one that comes while the first is handled is the same to it
	defer again.Stop()
	for end := time.After(10 * time.Second); ; {
		select {
		case err := <-p.Done:
			if err == nil || p.Cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
				t.Errorf("ended with %v", err)
			}
			return
		case <-again.C:
			_ = p.Cmd.Process.Signal(syscall.SIGTERM) // it may have ended meanwhile
		case <-end:
			t.Fatal("goes on")
		}
	}
}

// A stop exits with code 0 after all accepted requests were answered and background work has
// ended, and logs it.
func TestProcess_Signal(t *testing.T) {
	t.Parallel()
	up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
	release := make(chan struct{})
	up.Delay(func(upstreamtest.Call) time.Duration { <-release; return 0 })
	p := startGateway(t, testkit.KeepAddr(t), append(over(up), "--drain-delay=10ms", "--upstream-timeout=1m", "--request-timeout=1m")...)
	answer := make(chan string, 1)
	go func() {
		resp, err := http.Get(p.url + "/api/profile/u1")
		if err != nil {
			answer <- err.Error()
			return
		}
		defer func() { _ = resp.Body.Close() }()
		body, _ := io.ReadAll(resp.Body)
		answer <- fmt.Sprint(resp.StatusCode, " ", string(body))
	}()
	waitFor(t, func() bool { return len(up.Calls()) >= 2 })
	_ = p.Cmd.Process.Signal(syscall.SIGHUP) // which ends nothing
	p.signal()
	waitFor(t, func() bool { return p.ready() == 0 }) // the listener is closed
	close(release)
	if got := <-answer; !strings.HasPrefix(got, "200") || !strings.Contains(got, `"degraded":[]`) {
		t.Errorf("what was accepted: %s", got)
	}
	if err := <-p.Done; err != nil {
		t.Errorf("ended with %v", err)
	}
	lines := strings.Split(strings.TrimSpace(p.Stderr()), "\n")
	if last := lines[len(lines)-1]; !strings.Contains(last, "gateway has stopped") {
		t.Errorf("the last line is %s", last)
	}
}

// balancer gives requests in turn to those of two gateways that are ready.
type balancer struct {
	urls  [2]string
	ready [2]atomic.Bool
	turn  atomic.Int64
}

// watch looks which gateways are ready until stop is closed.
func (b *balancer) watch(stop <-chan struct{}) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		for i, url := range b.urls {
			p := &program{url: url}
			b.ready[i].Store(p.ready() == http.StatusOK)
		}
		select {
		case <-tick.C:
		case <-stop:
			return
		}
	}
}

func (b *balancer) next() string {
	n := b.turn.Add(1)
	if i := n % 2; b.ready[i].Load() {
		return b.urls[i]
	}
	return b.urls[(n+1)%2]
}

func TestProcess_RollingRestart(t *testing.T) {
	t.Parallel()
	up := upstreamtest.New(t, upstreamtest.NewData(50, 2, 2, 50))
	up.Delay(func(upstreamtest.Call) time.Duration { return 5 * time.Millisecond })
	args := append(over(up), "--drain-delay=2s", "--cache-ttl=10ms")
	addrs := [2]string{testkit.KeepAddr(t), testkit.KeepAddr(t)}
	gateways := [2]*program{startGateway(t, addrs[0], args...), startGateway(t, addrs[1], args...)}

	b := &balancer{urls: [2]string{gateways[0].url, gateways[1].url}}
	b.ready[0].Store(true)
	b.ready[1].Store(true)
	stop := make(chan struct{})
	var working sync.WaitGroup
	end := sync.OnceFunc(func() { close(stop); working.Wait() })
	defer end()
	working.Go(func() { b.watch(stop) })
	var answered, failed atomic.Int64
	for c := range 8 {
		working.Go(func() {
			for n := c; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				answered.Add(1)
				if err := askProfile(b.next(), n%50+1); err != nil {
					failed.Add(1)
					t.Error(err)
				}
			}
		})
	}
	for i, old := range gateways {
		served := answered.Load()
		waitFor(t, func() bool { return answered.Load() > served+50 })
		old.signal()
		if err := <-old.Done; err != nil {
			t.Errorf("gateway %d ended with %v", i, err)
		}
		startGateway(t, addrs[i], args...)
		waitFor(t, func() bool { return b.ready[i].Load() })
	}
	end()
	t.Logf("%d requests, %d failed", answered.Load(), failed.Load())
}

func askProfile(gateway string, user int) error {
	resp, err := http.Get(fmt.Sprintf("%s/api/profile/u%d", gateway, user))
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || !json.Valid(body)) {
		err = fmt.Errorf("%d %s", resp.StatusCode, body)
	}
	return err
}

// net/http logs unexpected bytes of a connection.
func TestProcess_LibraryLog(t *testing.T) {
	t.Parallel()
	users := faultyupstream.New(t, faultyupstream.Always(faultyupstream.Overrun(`{"id":"u1"}`)))
	p := startGateway(t, testkit.KeepAddr(t), "--users-url", users.URL(), "--drain-delay=0s", "--cache-ttl=1ns", "--cache-stale-if-error=0s")
	for range 20 {
		resp, err := http.Get(p.url + "/graphql?query={user(id:%22u1%22){id}}")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	p.signal()
	if err := <-p.Done; err != nil {
		t.Errorf("ended with %v", err)
	}
	for line := range strings.Lines(p.Stderr()) {
		if !json.Valid([]byte(line)) || strings.Contains(line, "left over") {
			t.Errorf("logged %s", line)
		}
	}
	if !strings.Contains(p.Stderr(), `"msg":"log from a library","text":"Unsolicited response`) {
		t.Error("nothing was said of what came unasked")
	}
}
