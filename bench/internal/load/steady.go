package load

import (
	"bufio"
	"bytes"
	"net"
	"slices"
	"sync"
	"time"
)

// tick is how often a steady load sends what is due.
const tick = 10 * time.Millisecond

// Steady sends requests at a rate, whether they are answered or not, over so
// many connections, for a time. It ends at the first answer that is not a 200,
// or that says "errors".
func Steady(addr string, next Request, perSecond, connections int, duration time.Duration) (r Result, fail error) {
	var (
		mu  sync.Mutex
		wg  sync.WaitGroup
		due = make(chan []byte, perSecond) // a second may pile up
	)
	for range connections {
		wg.Go(func() {
			latencies, err := worker(addr, due)
			mu.Lock()
			defer mu.Unlock()
			r.Latencies = append(r.Latencies, latencies...)
			if err != nil {
				fail = err
			}
		})
	}
	start := time.Now()
	for sent := 0; ; time.Sleep(tick) {
		passed := time.Since(start)
		for ; sent < int(passed.Seconds()*float64(perSecond)); sent++ {
			select {
			case due <- next():
			default: // it is not taken: it is not counted
			}
		}
		if passed >= duration {
			break
		}
	}
	close(due)
	wg.Wait()
	r.Took, r.Requests = time.Since(start), len(r.Latencies)
	slices.Sort(r.Latencies)
	return r, fail
}

// worker sends what is due, over one connection.
func worker(addr string, due <-chan []byte) (latencies []time.Duration, err error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	in := bufio.NewReaderSize(conn, 64<<10)
	var body bytes.Buffer
	for request := range due {
		start := time.Now()
		if err := ask(conn, in, request, &body); err != nil {
			return latencies, err
		}
		latencies = append(latencies, time.Since(start))
	}
	return latencies, nil
}
