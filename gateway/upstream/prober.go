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
	keptTries = 30       // how often a read is tried in vain until it is dropped
	keptBody  = 64 << 10 // the size of the largest body that is kept
	maxRounds = 32       // rounds under way, for services that hang
)

// A prober tries a service whose circuit is open: by its health check, and by one of the
// last reads that failed. It never sends a write, nor a header of a client. Its methods are
// safe for concurrent use.
type prober struct {
	health func(ctx context.Context) *http.Request // nil if there is no health check
	read   func(ctx context.Context, f *failedRead) *http.Request
	once   roundTrip // for health checks
	calls  roundTrip // for reads, which are counted

	ctx     context.Context //nolint:containedctx // of all tries: they belong to no request
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	failed []*failedRead // distinct, the latest first
	next   int           // of failed, to be tried
	rounds int           // under way
}

// A failedRead is a read that has failed, without the headers of its client.
type failedRead struct {
	method, route string
	url           *url.URL
	body          []byte
	tries         int // in vain; guarded by the prober's mu
}

func (f *failedRead) equal(g *failedRead) bool {
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
func asRead(r *http.Request) (f *failedRead, ok bool) {
	if !isRead(r) || r.ContentLength > keptBody {
		return nil, false
	}
	f = &failedRead{method: r.Method, route: r.Pattern, url: r.URL}
	if r.GetBody == nil {
		return f, true
	}
	body, err := r.GetBody()
	if err != nil {
		return nil, false
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

// keepsReads reports whether there are reads to be tried.
func (p *prober) keepsReads() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.failed) > 0
}

// begin begins a round, unless too many are under way. Its tries must be made.
func (p *prober) begin() (r round, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rounds == maxRounds || p.ctx.Err() != nil {
		return r, false
	}
	p.rounds++
	p.running.Add(1)
	r.prober = p
	if len(p.failed) > 0 {
		r.read = p.failed[p.next%len(p.failed)]
		p.next++
	}
	return r, true
}

// close ends the rounds and waits for them.
func (p *prober) close() {
	p.mu.Lock()
	p.cancel()
	p.mu.Unlock()
	p.running.Wait()
}

// A round is what is tried at a time: the health check, if there is one, and a read.
type round struct {
	prober *prober
	read   *failedRead // nil if none is kept
}

// A finding is the result of a try.
type finding struct {
	isRead bool // and not the health check
	said   judgement
}

// try makes the tries and passes their results to found, one after the other, until it
// reports that they decide the round. What is still under way then is given up.
func (r round) try(found func(finding) (decided bool)) {
	p := r.prober
	ctx, cancel := context.WithCancel(p.ctx)
	defer p.done(cancel)
	results, tries := make(chan finding, 2), 0
	if p.health != nil {
		tries++
		p.running.Go(func() {
			results <- finding{said: ask(p.once, func() *http.Request { return p.health(ctx) })}
		})
	}
	if r.read != nil {
		tries++
		p.running.Go(func() {
			said := ask(p.calls, func() *http.Request { return as(ctx, p.read(ctx, r.read), probeAttempt) })
			if said == fails {
				p.dropAfterTries(r.read)
			}
			results <- finding{isRead: true, said: said}
		})
	}
	for range tries {
		if found(<-results) {
			return
		}
	}
}

func (p *prober) done(cancel context.CancelFunc) {
	cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rounds--
	p.running.Done()
}

// dropAfterTries counts a try in vain, and drops the read if there were too many: it may
// fail although the service works.
func (p *prober) dropAfterTries(f *failedRead) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f.tries++
	if f.tries >= keptTries {
		p.failed = slices.DeleteFunc(p.failed, f.equal)
	}
}

// ask sends the request that build returns, and judges the result.
func ask(by roundTrip, build func() *http.Request) (said judgement) {
	defer func() {
		if recover() != nil { // a panic here would end the process
			said = unknown
		}
	}()
	r := build()
	return judge(r, by(r), 0)
}
