// Package load generates load over a fixed number of connections: in a closed loop, or at a fixed
// rate. Its own cost is small.
package load

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Request is what is sent next: the bytes of an HTTP/1.1 request.
type Request func() []byte

// Get makes the bytes of a GET request.
func Get(path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n\r\n", path)
}

// Post makes the bytes of a POST request with JSON in it.
func Post(path, body string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: bench\r\nAccept: application/json\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

// Result is what one run of a load saw.
type Result struct {
	Requests  int
	Took      time.Duration
	Latencies []time.Duration // sorted
}

// Quantile is the latency that a part q of the requests did not exceed.
func (r Result) Quantile(q float64) time.Duration {
	return r.Latencies[min(int(q*float64(len(r.Latencies))), len(r.Latencies)-1)]
}

// Run sends requests to the server at addr for a time, over this number of connections. It stops
// at the first response that is not a 200, or that contains "errors".
func Run(addr string, next Request, connections int, duration time.Duration) (Result, error) {
	var mu sync.Mutex
	locked := func() []byte { mu.Lock(); defer mu.Unlock(); return next() }
	end := time.Now().Add(duration)
	return start(addr, connections, func(yield func([]byte) bool) {
		for time.Now().Before(end) && yield(locked()) {
		}
	})()
}

// start starts connections that send requests from one shared sequence. wait returns when they
// have ended.
func start(addr string, connections int, requests iter.Seq[[]byte]) (wait func() (Result, error)) {
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		r    Result
		fail error
	)
	began := time.Now()
	for range connections {
		wg.Go(func() {
			latencies, err := timed(addr, requests)
			mu.Lock()
			defer mu.Unlock()
			r.Latencies = append(r.Latencies, latencies...)
			if err != nil {
				fail = err
			}
		})
	}
	return func() (Result, error) {
		wg.Wait()
		r.Took, r.Requests = time.Since(began), len(r.Latencies)
		slices.Sort(r.Latencies)
		return r, fail
	}
}

// timed sends requests, one after the other over one connection, and gives how
// long the answer to each took.
func timed(addr string, requests iter.Seq[[]byte]) (latencies []time.Duration, err error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	in := bufio.NewReaderSize(conn, 64<<10)
	var body bytes.Buffer
	for request := range requests {
		start := time.Now()
		if err := ask(conn, in, request, &body); err != nil {
			return latencies, err
		}
		latencies = append(latencies, time.Since(start))
	}
	return latencies, nil
}

// Do sends one request on a connection of its own and gives the body of the answer.
func Do(addr string, request []byte) ([]byte, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	var body bytes.Buffer
	err = ask(conn, bufio.NewReader(conn), request, &body)
	return body.Bytes(), err
}

func ask(conn net.Conn, in *bufio.Reader, request []byte, body *bytes.Buffer) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		return err
	}
	body.Reset()
	if _, err := body.ReadFrom(resp.Body); err != nil && err != io.EOF {
		return err
	}
	if resp.StatusCode != http.StatusOK || bytes.Contains(body.Bytes(), []byte(`"errors"`)) {
		return fmt.Errorf("%s: %.300s", resp.Status, body.Bytes())
	}
	return nil
}
