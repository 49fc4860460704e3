package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"tributary/gateway/fault"
	"tributary/gateway/report"
)

// ErrNotFound is what a [Client] gives for an answer of 404: the service says
// that there is no such thing.
var ErrNotFound = errors.New("upstream: not found")

// Client asks one service. It is safe for concurrent use. Its errors are
// [ErrNotFound] and *fault.Error with the name of the service.
type Client struct {
	service string
	base    *url.URL
	http    *http.Client
	metrics *Metrics
}

// NewClient returns a client of the service at baseURL, which may have a path.
func NewClient(service, baseURL string, cfg Config, m *Metrics) (*Client, error) {
	base, err := url.Parse(baseURL)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, fmt.Errorf("the URL of the %s service must be http://host or https://host", service)
	}
	return &Client{
		service: service,
		base:    base,
		metrics: m,
		http: &http.Client{
			Transport: chain(cfg),
			// An answer that sends us elsewhere is none: what we ask has one address.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Get asks for the resource whose path is segments, each escaped as one, and
// gives the body of the answer.
func (c *Client) Get(ctx context.Context, segments ...string) ([]byte, error) {
	return c.do(ctx, http.MethodGet, nil, segments)
}

// Query posts a question that changes nothing, so that it may be asked again,
// and gives the body of the answer.
func (c *Client) Query(ctx context.Context, question any, segments ...string) ([]byte, error) {
	body, err := json.Marshal(question)
	if err != nil {
		return nil, fault.New(fault.Internal, c.service, err)
	}
	return c.do(ctx, http.MethodPost, body, segments)
}

// Name is the name of the service.
func (c *Client) Name() string { return c.service }

// Ping asks the service's /health whether it works. It is no call in the sense
// of metrics and reports.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.roundTrip(ctx, http.MethodGet, nil, []string{"health"})
	return err
}

// Invalid is the error of an answer that arrived and makes no sense.
func (c *Client) Invalid(cause error) error {
	c.metrics.failed(c.service, fault.InvalidResponse)
	return fault.New(fault.InvalidResponse, c.service, cause)
}

func (c *Client) do(ctx context.Context, method string, body []byte, segments []string) ([]byte, error) {
	start := time.Now()
	answer, err := c.roundTrip(ctx, method, body, segments)
	took := time.Since(start)
	report.From(ctx).Called(c.service, took)
	outcome := "ok"
	if errors.Is(ctx.Err(), context.Canceled) {
		outcome = "canceled" // by the client, which says nothing about the service
	} else if f, ok := errors.AsType[*fault.Error](err); ok {
		outcome = f.Kind.Reason()
		c.metrics.failed(c.service, f.Kind)
	}
	c.metrics.called(c.service, outcome, took)
	return answer, err
}

func (c *Client) roundTrip(ctx context.Context, method string, body []byte, segments []string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.url(segments), bytes.NewReader(body))
	if err != nil {
		return nil, fault.New(fault.Internal, c.service, err)
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	forward(ctx, req.Header)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.failure(ctx, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := c.status(resp.StatusCode); err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, c.failure(ctx, err)
	}
	return answer, nil
}

// url joins base and segments so that whatever a segment holds, it stays one:
// "a/b" and ".." are escaped, and nothing is cleaned away.
func (c *Client) url(segments []string) string {
	var b strings.Builder
	b.WriteString(c.base.Scheme + "://" + c.base.Host + strings.TrimSuffix(c.base.EscapedPath(), "/"))
	for _, s := range segments {
		b.WriteByte('/')
		switch s {
		case ".", "..":
			b.WriteString(strings.ReplaceAll(s, ".", "%2E"))
		default:
			b.WriteString(url.PathEscape(s))
		}
	}
	return b.String()
}

// failure finds out what it was that kept an answer from coming.
func (c *Client) failure(ctx context.Context, err error) error {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return fault.New(f.Kind, c.service, err)
	}
	var timeout interface{ Timeout() bool }
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return fault.New(fault.Unavailable, c.service, context.Cause(ctx))
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return fault.New(fault.Timeout, c.service, err)
	}
	return fault.New(fault.Unavailable, c.service, err)
}

// status tells what a status says of the answer, nil for one that has data.
func (c *Client) status(code int) error {
	cause := fmt.Errorf("status %d", code)
	switch {
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusNotFound:
		return ErrNotFound
	case code == http.StatusRequestTimeout, code == http.StatusGatewayTimeout:
		return fault.New(fault.Timeout, c.service, cause)
	case code == http.StatusTooManyRequests, code >= 500:
		return fault.New(fault.Unavailable, c.service, cause)
	case code >= 400:
		return fault.New(fault.Rejected, c.service, cause)
	default:
		return fault.New(fault.InvalidResponse, c.service, cause)
	}
}
