//go:build !race

package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/internal/testkit/upstreamtest"
)

// usage is what a gateway takes of the machine.
type usage struct{ goroutines, heap int }

// What a gateway may take on in the test, and how many clients ask at first.
const (
	operations  = 16
	connections = 100
)

// TestHostile_Flood has 100 to 400 clients load slow data through 100 connections. The gateway
// executes what the limits allow, rejects the rest at once, and serves what is cached, or
// rejects that as well while all connections are in use. Metrics are always served; goroutines and
// memory are bounded.
func TestHostile_Flood(t *testing.T) {
	up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
	p := startGateway(t, testkit.KeepAddr(t), append(over(up), "--drain-delay=0s", "--cache-ttl=1m",
		"--graphql-documents-mb=1", // full before long
		fmt.Sprint("--max-operations=", operations), "--operation-queue=8", "--operation-queue-wait=20ms", fmt.Sprint("--max-connections=", connections))...)
	observer := &http.Client{Transport: &http.Transport{}}
	defer observer.CloseIdleConnections()
	f := &flood{t: t, gateway: p, observer: observer, cached: p.url + "/graphql?query={user(id:%22u1%22){username}}"}
	f.askCached()
	before := p.figure(observer, "go_goroutines")
	up.Delay(func(upstreamtest.Call) time.Duration { return 300 * time.Millisecond })

	f.of(connections) // fills the caches
	once := f.of(connections)
	// A connection has two goroutines during a request, an operation a few, and its call two.
	bound := usage{goroutines: int(before) + 3*connections + 12*operations, heap: once.heap * 3 / 2}
	for _, more := range []int{1, 2, 4} {
		f.crowded = more > 1
		most := f.of(more * connections)
		t.Logf("%d clients: %d answered and %d shed in all, at most %d goroutines and %d KiB", more*connections, f.answered.Load(), f.shed.Load(), most.goroutines, most.heap>>10)
		if most.goroutines > bound.goroutines || most.heap > bound.heap {
			t.Errorf("%d clients: more than %d goroutines or %d KiB", more*connections, bound.goroutines, bound.heap>>10)
		}
	}
	// What stays are idle connections to the services.
	waitFor(t, func() bool { return p.figure(observer, "go_goroutines") <= before+4*operations })
}

// flood is a gateway of which many clients ask more than it can do.
type flood struct {
	t              *testing.T
	gateway        *program
	observer       *http.Client
	cached         string // the address of what is in the cache
	crowded        bool   // there are more clients than the gateway has connections
	asked          atomic.Int64
	answered, shed atomic.Int64
}

func (f *flood) askCached() {
	f.t.Helper()
	start := time.Now()
	status, body := get(f.t, f.observer, f.cached)
	shed := f.crowded && status == http.StatusServiceUnavailable && strings.Contains(body, `"OVERLOADED"`)
	if status != http.StatusOK && !shed {
		f.t.Errorf("what is cached: %d %s after %v", status, body, time.Since(start))
	}
}

// of sends requests for uncached data from this many clients for a while,
// and returns the peak usage of the gateway.
func (f *flood) of(clients int) (most usage) {
	f.t.Helper()
	crowd := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	answered, shed := f.answered.Load(), f.shed.Load()
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for range clients {
		asking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					f.ask(crowd)
				}
			}
		})
	}
	for n := 0; n < 10 || f.answered.Load() < answered+2*operations || f.shed.Load() < shed+500; n++ {
		f.askCached()
		now := f.gateway.figures(f.observer, "go_goroutines", "go_memstats_sys_bytes", "go_memstats_heap_released_bytes")
		most.goroutines = max(most.goroutines, int(now[0]))
		most.heap = max(most.heap, int(now[1]-now[2])) // not all that the process has: to that the race detector adds for ever
	}
	close(stop)
	left := make(chan struct{})
	go func() { asking.Wait(); close(left) }()
	waitFor(f.t, func() bool {
		crowd.CloseIdleConnections() // for those that wait to be accepted
		select {
		case <-left:
			return true
		default:
			return false
		}
	})
	return most
}

func (f *flood) ask(crowd *http.Client) {
	status, body := get(f.t, crowd, fmt.Sprintf("%s/graphql?query={orders(userId:%%22x%d%%22){id}}", f.gateway.url, f.asked.Add(1)))
	switch {
	case status == http.StatusOK:
		f.answered.Add(1)
	case status == http.StatusServiceUnavailable && strings.Contains(body, `"OVERLOADED"`):
		f.shed.Add(1)
	default:
		f.t.Errorf("%d %s", status, body)
	}
}

// A body is given room as it arrives, and not as it is announced.
func TestHostile_BodiesAnnounced(t *testing.T) {
	const announcing, announced = 200, 1 << 20
	up := upstreamtest.New(t, upstreamtest.NewData(1, 1, 1, 1))
	addr := testkit.KeepAddr(t)
	p := startGateway(t, addr, append(over(up), "--drain-delay=0s", fmt.Sprint("--graphql-bodies-mb=", announcing))...)
	heap := func() float64 { return p.figure(http.DefaultClient, "go_memstats_heap_sys_bytes") }
	before := heap()
	for range announcing {
		announce(t, addr, announced)
	}
	waitFor(t, func() bool { return p.figure(http.DefaultClient, "http_active_requests") >= announcing })
	if more := heap() - before; more > announcing*announced/4 {
		t.Errorf("%v MiB more for nothing", more/(1<<20))
	} else {
		t.Logf("%v MiB more for %d announcements of 1 MiB", more/(1<<20), announcing)
	}
}

// announce sends the header of a request with a long body, and a byte of that.
func announce(t *testing.T, addr string, length int) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n{", length)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}
