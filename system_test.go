package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// system is what `dev` runs.
type system struct {
	t                                *testing.T
	gateway, users, orders, products string // URLs
	stop                             context.CancelFunc
	done                             chan error

	mu  sync.Mutex
	log bytes.Buffer
}

func (s *system) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Write(p)
}

func (s *system) logged() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

// dev starts everything on free ports; it is stopped with the test, if not before.
func dev(t *testing.T, args ...string) *system {
	t.Helper()
	return devIn(t, func(string) string { return "" }, args...)
}

// devIn is [dev] in an environment.
func devIn(t *testing.T, getenv func(string) string, args ...string) *system {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &system{t: t, stop: cancel, done: make(chan error, 1)}
	r, w := io.Pipe()
	args = append([]string{"dev", "--addr=127.0.0.1:0", "--users-addr=127.0.0.1:0", "--orders-addr=127.0.0.1:0",
		"--products-addr=127.0.0.1:0", "--drain-delay=100ms"}, args...)
	go func() {
		err := run(ctx, args, getenv, w, s)
		_ = w.CloseWithError(err)
		s.done <- err
	}()
	t.Cleanup(func() {
		cancel()
		if s.done != nil {
			<-s.done
		}
		http.DefaultClient.CloseIdleConnections()
	})
	banner := readBanner(t, r)
	for name, url := range map[string]*string{"GraphQL": &s.gateway, "users": &s.users, "orders": &s.orders, "products": &s.products} {
		found := regexp.MustCompile(`(?m)^  ` + name + ` +(http://[^/\s]+)`).FindStringSubmatch(banner)
		if found == nil {
			t.Fatalf("no address of %s in\n%s", name, banner)
		}
		*url = found[1]
	}
	return s
}

// readBanner reads until the last of what a start prints, and lets the rest go.
func readBanner(t *testing.T, r io.Reader) string {
	t.Helper()
	var banner strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(banner.String(), "-d '") {
		n, err := r.Read(buf)
		if err != nil {
			t.Fatalf("ended with %v after\n%s", err, banner.String())
		}
		banner.Write(buf[:n])
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	return banner.String()
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

// send sends a request whose headers are given in pairs.
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

func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !what(); {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
		<-time.After(5 * time.Millisecond)
	}
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
