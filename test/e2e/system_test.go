package e2e_test

import (
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"tributary/internal/testkit"
	"tributary/test/harness"
)

// builder builds the binary that the tests run.
var builder harness.Builder

// TestMain runs the tests in the root of the module, more of them at a time than there are
// processors: most of their time is spent waiting for processes.
func TestMain(m *testing.M) {
	flag.Parse()
	err := flag.Set("test.parallel", strconv.Itoa(max(6, runtime.GOMAXPROCS(0))))
	root, unknown := harness.Root()
	if err = errors.Join(err, unknown); err == nil {
		err = os.Chdir(root)
	}
	if err != nil {
		panic(err)
	}
	code := m.Run()
	builder.Close()
	os.Exit(code)
}

// system is what `dev` runs.
type system struct {
	*harness.Dev
	t                                *testing.T
	gateway, users, orders, products string // URLs
}

func (s *system) logged() string { return s.Stderr() }

// dev starts everything on free ports; it is stopped with the test, if not before.
func dev(t *testing.T, args ...string) *system {
	t.Helper()
	return devIn(t, nil, args...)
}

// devIn is [dev] in an environment.
func devIn(t *testing.T, env []string, args ...string) *system {
	t.Helper()
	d := builder.Dev(t, env, args...)
	return &system{Dev: d, t: t, gateway: d.Gateway, users: d.Users, orders: d.Orders, products: d.Products}
}

// call sends a request and gives status and body.
func (s *system) call(method, url, body string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// send sends a request with headers in pairs.
func (s *system) send(method, url, body string, header ...string) *http.Response {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

// connect opens a connection to a gateway and sends the beginning of a request.
func (s *system) connect(request string) *net.TCPConn {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.gateway, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		s.t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	testkit.WaitFor(t, "the condition", what)
}

// wantLogged waits for a line of the log that has the first two parts, and sees
// that it has the others.
func (s *system) wantLogged(parts ...string) {
	s.t.Helper()
	var line string
	waitFor(s.t, func() bool { // it is written when the request has ended
		for line = range strings.Lines(s.logged()) {
			if strings.Contains(line, parts[0]) && strings.Contains(line, parts[1]) {
				return true
			}
		}
		return false
	})
	for _, part := range parts {
		if !strings.Contains(line, part) {
			s.t.Errorf("no %s in %s", part, line)
		}
	}
}

// wantCounted waits for series to have their values.
func (s *system) wantCounted(series ...string) {
	s.t.Helper()
	for _, one := range series {
		waitFor(s.t, func() bool {
			_, metrics := s.call(http.MethodGet, s.gateway+"/metrics", "")
			return strings.Contains(metrics, one+"\n")
		})
	}
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
