// Package faultyupstream is an HTTP server for tests that misbehaves on purpose, also below HTTP:
// a [Behaviour] writes the bytes of a TCP connection.
package faultyupstream

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"tributary/internal/testkit"
)

// Request is one request as it arrived.
type Request struct {
	Method string
	Path   string // as it was escaped
	Header http.Header
	Body   string
	At     time.Time
}

// Server is a faulty upstream. Its methods are safe for concurrent use.
type Server struct {
	addr    string
	closed  chan struct{} // when the test is over
	running sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while connections are refused
	script   Script
	open     map[net.Conn]bool
	accepted int
	requests []Request
}

// New starts a server that follows script until the test ends. GET /health always succeeds and is
// not counted as a request of the script.
func New(t testing.TB, script Script) *Server {
	t.Helper()
	s := &Server{script: script, addr: testkit.KeepAddr(t), closed: make(chan struct{}), open: map[net.Conn]bool{}}
	s.Accept(t)
	t.Cleanup(func() {
		close(s.closed)
		s.Refuse()
		s.running.Wait()
	})
	return s
}

// URL is where the server answers, or refuses to.
func (s *Server) URL() string { return "http://" + s.addr }

// SetScript changes the script; requests are counted from 0 again.
func (s *Server) SetScript(script Script) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script, s.requests = script, nil
}

// Requests are those that have arrived since the script began.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Connections returns the number of connections that were accepted, and of those that are open.
func (s *Server) Connections() (accepted, open int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accepted, len(s.open)
}

// Refuse closes every connection. The system refuses new ones and does not assign the port to
// another process.
func (s *Server) Refuse() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		_ = s.listener.Close()
		s.listener = nil
	}
	for conn := range s.open {
		_ = conn.Close()
	}
}

// Accept takes connections again, at the address that it always had.
func (s *Server) Accept(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	s.listener = listener
	s.running.Go(func() { s.accept(listener) })
}

func (s *Server) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // such as too few file descriptors: the connection stays in the backlog
			time.Sleep(10 * time.Millisecond)
			continue
		}
		s.mu.Lock()
		if s.listener != listener {
			_ = conn.Close()
		} else {
			s.open[conn] = true
			s.accepted++
			s.running.Go(func() { s.serve(conn) })
		}
		s.mu.Unlock()
	}
}

func (s *Server) serve(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		s.mu.Lock()
		delete(s.open, conn)
		s.mu.Unlock()
	}()
	in := bufio.NewReader(conn)
	for {
		r, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		behave := JSON(`{"status":"healthy"}`)
		if r.URL.Path != "/health" {
			behave = s.next(r, body)
		}
		if !behave(&Exchange{Conn: conn, Request: r, Body: body, Closed: s.closed}) {
			return
		}
	}
}

func (s *Server) next(r *http.Request, body []byte) Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, before := range s.requests {
		if before.Path == r.URL.EscapedPath() {
			n++
		}
	}
	s.requests = append(s.requests, Request{
		Method: r.Method, Path: r.URL.EscapedPath(), Header: r.Header, Body: string(body), At: time.Now(),
	})
	return s.script(n)
}
