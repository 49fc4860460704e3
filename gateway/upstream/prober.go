package upstream

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
)

// Bounds of the prober.
const (
	keptReads = 3        // how many distinct reads that failed are kept
	keptBody  = 64 << 10 // the size of the largest body that is kept
	maxRounds = 4        // rounds under way, for services that hang
)

// A prober tries a service whose circuit is open: by its health check, and by one of the
// last reads that failed. It never sends a write, nor a header of a client. Its methods are
// safe for concurrent use.
type prober struct {
	health func(ctx context.Context) *http.Request // nil if there is no health check
	read   func(ctx context.Context, f failedRead) *http.Request
	once   http.RoundTripper // for health checks
	calls  http.RoundTripper // for reads, which are counted

	ctx     context.Context //nolint:containedctx // of all tries: they belong to no request
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	failed []failedRead // distinct, the latest first
	next   int          // of failed, to be tried
	rounds int          // under way
}

// A failedRead is a read that has failed, without the headers of its client.
type failedRead struct {
	method, route string
	url           *url.URL
	body          []byte
}

func (f failedRead) equal(g failedRead) bool {
	return f.method == g.method && f.url.String() == g.url.String() && bytes.Equal(f.body, g.body)
}

// isRead reports whether a request changes nothing: by its method, or because it is a POST
// that does not come from [Client.Send].
func isRead(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		return deliveryOf(r.Context()) == nil
	case http.MethodPost:
		return deliveryOf(r.Context()) == nil && idempotent(r) && r.Header.Get(idempotencyKey) == ""
	}
	return false
}

// asRead returns what the prober keeps of a request, if it is a read.
func asRead(r *http.Request) (f failedRead, ok bool) {
	if !isRead(r) || r.ContentLength > keptBody {
		return f, false
	}
	f = failedRead{method: r.Method, route: r.Pattern, url: r.URL}
	if r.GetBody == nil {
		return f, true
	}
	body, err := r.GetBody()
	if err != nil {
		return f, false
	}
	f.body, err = io.ReadAll(body)
	return f, err == nil
}

// knows reports whether a request is a read that is kept.
func (p *prober) knows(r *http.Request) bool {
	f, ok := asRead(r)
	p.mu.Lock()
	defer p.mu.Unlock()
	return ok && slices.ContainsFunc(p.failed, f.equal)
}

// remember keeps a request that failed, if it is a read.
func (p *prober) remember(r *http.Request) {
	f, ok := asRead(r)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed = slices.DeleteFunc(p.failed, f.equal)
	p.failed = slices.Insert(p.failed, 0, f)
	p.failed = p.failed[:min(len(p.failed), keptReads)]
}

// forget drops all reads.
func (p *prober) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.failed, p.next = nil, 0
}

// begin reports whether a round may begin. If so, probe must be called.
func (p *prober) begin() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rounds == maxRounds || p.ctx.Err() != nil {
		return false
	}
	p.rounds++
	p.running.Add(1)
	return true
}

// close ends the rounds and waits for them.
func (p *prober) close() {
	p.mu.Lock()
	p.cancel()
	p.mu.Unlock()
	p.running.Wait()
}

// findings are the result of a round.
type findings struct {
	asked        bool // there was something to try
	known        bool // there is a read that has failed
	health, read judgement
}

// probe tries the service. It returns as soon as a read succeeds; otherwise when both
// attempts have ended.
func (p *prober) probe() findings {
	ctx, cancel := context.WithCancel(p.ctx)
	defer p.done(cancel)
	healthy, answered := make(chan judgement, 1), make(chan judgement, 1)
	f, known := p.turn()
	p.try(p.once, p.health != nil, func() *http.Request { return p.health(ctx) }, healthy)
	p.try(p.calls, known, func() *http.Request { return as(ctx, p.read(ctx, f), probeAttempt) }, answered)
	found := findings{asked: known || p.health != nil, known: known, read: <-answered}
	if found.read != works {
		found.health = <-healthy
	}
	return found
}

func (p *prober) done(cancel context.CancelFunc) {
	cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rounds--
	p.running.Done()
}

// turn returns the next read to be tried, if any is known.
func (p *prober) turn() (f failedRead, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.failed) == 0 {
		return f, false
	}
	f = p.failed[p.next%len(p.failed)]
	p.next++
	return f, true
}

// try sends the request that build returns, on a goroutine, if it shall, and sends the
// judgement to result.
func (p *prober) try(by http.RoundTripper, shall bool, build func() *http.Request, result chan<- judgement) {
	if !shall {
		result <- unknown
		return
	}
	p.running.Go(func() {
		said := unknown
		defer func() {
			_ = recover() // a panic here would end the process
			result <- said
		}()
		r := build()
		resp, err := by.RoundTrip(r)
		if resp != nil {
			_ = resp.Body.Close()
		}
		said = judge(r, resp, err, 0)
	})
}
