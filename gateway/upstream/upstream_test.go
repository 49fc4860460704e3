package upstream_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"tributary/gateway/fault"
	"tributary/gateway/upstream"
	"tributary/internal/testkit"
	"tributary/internal/testkit/faultyupstream"
)

func TestMain(m *testing.M) {
	// net/http logs unsolicited bytes to the default logger.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

// client is a client of a faulty upstream, with its metrics.
type client struct {
	*upstream.Client
	t   testing.TB
	up  *faultyupstream.Server
	reg *prometheus.Registry
}

// once is a configuration in which every call is one attempt.
var once = upstream.Config{Timeout: 10 * time.Second, MaxBody: 1000}

func over(t testing.TB, cfg upstream.Config, script faultyupstream.Script) *client {
	t.Helper()
	return to(t, cfg, faultyupstream.New(t, script))
}

func to(t testing.TB, cfg upstream.Config, up *faultyupstream.Server) *client {
	t.Helper()
	reg := prometheus.NewRegistry()
	c, err := upstream.NewClient("things", up.URL(), cfg, upstream.NewMetrics(reg))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &client{c, t, up, reg}
}

// get makes one call and returns its outcome: "ok", "not_found" or a fault's reason.
func (c *client) get(ctx context.Context) string {
	answer, err := c.Get(ctx, "/things/{id}", "t1")
	if err == nil && len(answer) == 0 {
		c.t.Error("neither an answer nor an error")
	}
	return reason(c.t, err)
}

func reason(t testing.TB, err error) string {
	t.Helper()
	f, failed := errors.AsType[*fault.Error](err)
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, upstream.ErrNotFound):
		return "not_found"
	case !failed || f.Service != "things":
		t.Errorf("the error %v tells no service or kind", err)
		return "?"
	}
	return f.Kind.Reason()
}

// attempts returns how many requests for things have arrived.
func (c *client) attempts() int {
	n := 0
	for _, r := range c.up.Requests() {
		if strings.HasPrefix(r.Path, "/things/") {
			n++
		}
	}
	return n
}

// value returns the value of the metric with all of the labels, which alternate name
// and value; 0 if there is none.
func (c *client) value(name string, labels ...string) float64 {
	c.t.Helper()
	var values []string
	for i := 1; i < len(labels); i += 2 {
		values = append(values, labels[i])
	}
	n, _ := testkit.Metric(c.t, c.reg, name, values...)
	return n
}

// until waits for a condition that becomes true by itself.
func until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	testkit.WaitFor(t, what, cond)
}

// descriptors returns the number of open file descriptors, or -1 if it is unknown.
func descriptors() int {
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(files)
}
