package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/internal/upstreamtest"
)

// figure is a metric of a gateway, asked for over a connection of its own.
func (p *program) figure(client *http.Client, name string) float64 {
	p.t.Helper()
	resp, err := client.Get(p.url + "/metrics")
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _, _ = io.Copy(io.Discard, resp.Body); _ = resp.Body.Close() }()
	for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			v, err := strconv.ParseFloat(value, 64)
			if err != nil {
				p.t.Fatal(err)
			}
			return v
		}
	}
	p.t.Fatalf("no figure %s", name)
	return 0
}

// However many clients ask for what is slow, the gateway takes on what it may,
// refuses the rest at once, gives what it has in its cache, and grows no further.
func TestAnyLoadLeavesTheGatewayBoundedAndTheCacheServed(t *testing.T) {
	const operations, connections, clients = 16, 100, 400
	up := upstreamtest.New(t, upstreamtest.Shop(1, 1, 1, 1))
	p := startGateway(t, freeAddr(t), append(over(up), "--drain-delay=0s", "--cache-ttl=1m",
		fmt.Sprint("--max-operations=", operations), "--operation-queue=8", "--operation-queue-wait=20ms", fmt.Sprint("--max-connections=", connections))...)
	observer := &http.Client{Transport: &http.Transport{}}
	defer observer.CloseIdleConnections()
	cached := p.url + "/graphql?query={user(id:%22u1%22){username}}"
	if status, body := get(t, observer, cached); status != http.StatusOK {
		t.Fatal(status, body)
	}
	before := p.figure(observer, "go_goroutines")
	up.Delay(func(upstreamtest.Call) time.Duration { return 300 * time.Millisecond })

	crowd := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	stop := make(chan struct{})
	var asking sync.WaitGroup
	var answered, shed atomic.Int64
	for c := range clients {
		asking.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				status, body := get(t, crowd, fmt.Sprintf("%s/graphql?query={orders(userId:%%22x%d-%d%%22){id}}", p.url, c, n))
				switch {
				case status == http.StatusOK:
					answered.Add(1)
				case status == http.StatusServiceUnavailable && strings.Contains(body, `"OVERLOADED"`):
					shed.Add(1)
				default:
					t.Errorf("%d %s", status, body)
				}
			}
		})
	}
	waitFor(t, func() bool { return answered.Load() > 2*operations && shed.Load() > clients })
	most := before
	for range 20 {
		start := time.Now()
		if status, body := get(t, observer, cached); status != http.StatusOK {
			t.Errorf("what is cached: %d %s after %v", status, body, time.Since(start))
		}
		most = max(most, p.figure(observer, "go_goroutines"))
	}
	close(stop)
	crowd.CloseIdleConnections()
	asking.Wait()
	crowd.CloseIdleConnections()
	// A connection has two goroutines while it asks, an operation a few, and its call two.
	if bound := before + 3*connections + 12*operations; most > bound {
		t.Errorf("%v goroutines under load, %v before: more than %v", most, before, bound)
	}
	t.Logf("%d answered, %d shed; %v goroutines at most, %v before", answered.Load(), shed.Load(), most, before)
	// What stays are idle connections to the services.
	waitFor(t, func() bool { return p.figure(observer, "go_goroutines") <= before+4*operations })
}

func get(t *testing.T, client *http.Client, url string) (int, string) {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Error(err)
		return 0, ""
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	return resp.StatusCode, string(body)
}
