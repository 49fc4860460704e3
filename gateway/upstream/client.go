package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"tributary/gateway/admission"
	"tributary/gateway/fault"
)

// userAgent is what services see in their logs, unless the client's own is forwarded.
const userAgent = "tributary"

// Client calls one service. It is safe for concurrent use. Its errors are
// [ErrNotFound] and *fault.Error with the name of the service.
//
// It follows no redirects and keeps no cookies.
type Client struct {
	service string
	share   int
	base    url.URL // without its path
	path    string  // of the base URL, escaped, without a trailing slash
	isJSON  []string
	agent   []string
	header  http.Header // of all requests
	health  string      // the path of the health check, "" for none
	figures *figures
	calls   roundTrip
	probes  roundTrip
	bodies  *admission.Budget
	pool    *pool
	tokens  *tokens  // nil if the gateway has no token of its own for the service
	circuit *circuit // nil if there is no circuit breaker
}

// NewClient returns a client of the service at baseURL, whose health check is /health.
func NewClient(service, baseURL string, cfg Config, m *Metrics) (*Client, error) {
	return ServiceConfig{URL: baseURL, Health: "/health"}.NewClient(service, cfg, m)
}

// NewClient returns a client of the service with these settings.
func (c ServiceConfig) NewClient(service string, cfg Config, m *Metrics) (*Client, error) {
	base, err := ParseURL(c.URL)
	if err != nil {
		return nil, fmt.Errorf("the URL of the %s service %w", service, err)
	}
	to, err := c.connect(service)
	if err != nil {
		return nil, err
	}
	if cfg, err = cfg.of(service); err != nil {
		return nil, err
	}
	client := &Client{
		header: to.header, health: c.Health, bodies: cfg.Bodies,
		service: service, share: (cfg.Concurrency + 1) / 2, figures: m.of(service),
		isJSON: []string{"application/json"}, agent: []string{userAgent},
		base: url.URL{Scheme: base.Scheme, Host: strings.TrimSuffix(base.Host, ":")},
		path: strings.TrimSuffix(base.EscapedPath(), "/"),
	}
	cfg = cfg.withDefaults()
	client.tokens = newTokens(service, c.OAuth, cfg.Timeout, cfg.Log)
	client.build(cfg, to)
	return client, nil
}

// Close ends the tries of a service whose circuit is open, and closes idle connections. The
// client must not be used any more.
func (c *Client) Close() {
	c.circuit.close()
	c.tokens.close()
	c.pool.close()
}

// Get fetches the resource at a route such as /things/{id} and returns the body.
// Values replace the names in braces, each escaped as one path segment; traces show
// the route itself.
func (c *Client) Get(ctx context.Context, route string, values ...string) ([]byte, error) {
	return c.ask(ctx, c.calls, http.MethodGet, nil, route, values)
}

// Query sends a POST that changes nothing, so that it may be retried, and returns the
// body.
func (c *Client) Query(ctx context.Context, question any, route string, values ...string) ([]byte, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return nil, fault.New(fault.Internal, c.service, err)
	}
	return c.ask(ctx, c.calls, http.MethodPost, body, route, values)
}

// Share is how many concurrent calls one operation should make: half of the
// service's limit, or 0 if it has none. So the bulkhead rejects no operation because
// of its own calls alone, and no operation can use up the whole bulkhead.
func (c *Client) Share() int { return c.share }

// Name is the name of the service.
func (c *Client) Name() string { return c.service }

// Ping returns nil if the service works: if its circuit is closed, and its health check
// succeeds. A service without a health check, or that answers it with 404 or 410, is judged
// by its calls alone. The error is [ErrUnknown] if the health check could not be made for a
// reason that is not the service's. The health check bypasses metrics, reports and policies, so
// that it is made even if the bulkhead is full.
func (c *Client) Ping(ctx context.Context) error {
	if !c.circuit.isClosed() {
		return fault.New(fault.CircuitOpen, c.service, errOpen)
	}
	if c.health == "" {
		return nil
	}
	_, err := c.ask(ctx, c.probes, http.MethodGet, nil, c.health, nil)
	switch f, failed := errors.AsType[*fault.Error](err); {
	case errors.Is(err, ErrNotFound), failed && mayBeNotFound(f.Status):
		return nil
	case failed && isOurs(f):
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	}
	return err
}

// ErrUnknown is the error of [Client.Ping] if it cannot tell whether the service works.
var ErrUnknown = errors.New("the service could not be asked")

// CircuitEpoch counts how often the circuit of the service has opened and closed: what
// [Client.Ping] returned before it changed is outdated.
func (c *Client) CircuitEpoch() uint64 { return c.circuit.changes() }

// Invalid returns the error for a response that could not be decoded, and counts it.
func (c *Client) Invalid(cause error) error {
	c.figures.failed(fault.InvalidResponse)
	return fault.New(fault.InvalidResponse, c.service, cause)
}

func (c *Client) ask(ctx context.Context, through roundTrip, method string, body []byte, route string, values []string) ([]byte, error) {
	return c.send(c.request(ctx, method, body, route, values), through)
}

// send makes a call and returns the body of its response.
func (c *Client) send(r *http.Request, through roundTrip) ([]byte, error) {
	if _, leased := r.Context().Value(leaseKey{}).(*admission.Lease); !leased {
		ctx, release := c.WithLease(r.Context())
		defer release()
		r = r.WithContext(ctx)
	}
	got := through(r)
	if got.err != nil {
		return nil, got.err
	}
	return got.body, nil
}

// request returns a request for a route, see [Client.Get].
func (c *Client) request(ctx context.Context, method string, body []byte, route string, values []string) *http.Request {
	r := c.newRequest(ctx, method, c.url(route, values), route, body)
	if body != nil {
		r.Header[idempotencyKey] = nil // retryable, see Query
	}
	return r
}

// newRequest builds a request from parts that are known to be valid. [http.NewRequest]
// would need the URL as a string and parse it again. It has the headers that ctx forwards,
// and the configured ones.
func (c *Client) newRequest(ctx context.Context, method string, u *url.URL, route string, body []byte) *http.Request {
	r := (&http.Request{
		Method: method, URL: u,
		Header:  http.Header{"Accept": c.isJSON, "User-Agent": c.agent},
		Pattern: route, // for traces; net/http ignores it in clients
	}).WithContext(ctx)
	if body != nil {
		r.Header["Content-Type"] = c.isJSON
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		r.Body, _ = r.GetBody()
		r.ContentLength = int64(len(body))
	}
	c.forward(ctx, r.Header)
	maps.Copy(r.Header, c.header)
	return r
}

// url joins base and route. Each value stays one path segment: "a/b" and ".." are
// escaped, and the path is not cleaned.
func (c *Client) url(route string, values []string) *url.URL {
	u := c.base
	u.RawPath = c.path
	for _, value := range values {
		plain, name, _ := strings.Cut(route, "{")
		u.RawPath += plain + escape(value)
		_, route, _ = strings.Cut(name, "}")
	}
	u.RawPath += route
	u.Path, _ = url.PathUnescape(u.RawPath)
	return &u
}

func escape(value string) string {
	switch value {
	case ".", "..":
		return strings.ReplaceAll(value, ".", "%2E")
	}
	return url.PathEscape(value)
}
