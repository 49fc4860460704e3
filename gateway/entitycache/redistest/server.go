// Package redistest runs real Redis servers for tests, on free ports of
// 127.0.0.1, and breaks them on purpose.
package redistest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tributary/internal/testkit"
)

// within bounds how long a server may take to start; machines that run tests are busy.
const within = 15 * time.Second

// Binary finds redis-server, by REDIS_SERVER or on the PATH. A test that needs
// one is skipped, loudly, where there is none.
func Binary(t testing.TB) string {
	t.Helper()
	name := os.Getenv("REDIS_SERVER") //nolint:forbidigo // no setting of the gateway: it says where the tests find one
	if name == "" {
		name = "redis-server"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("NOT TESTED: there is no %s here; install Redis or set REDIS_SERVER", filepath.Base(name))
	}
	return path
}

// Server is a Redis server that a test has started and that ends with it.
type Server struct {
	Addr string

	t       testing.TB
	binary  string
	args    []string
	process *exec.Cmd
}

// Start starts a server that keeps nothing on disk; args are options of
// redis-server, as in "--maxmemory", "2mb".
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	s := Absent(t, args...)
	s.Restart()
	return s
}

// Absent is a server that does not run yet: [Server.Restart] starts it.
func Absent(t testing.TB, args ...string) *Server {
	t.Helper()
	addr := testkit.KeepAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	return newServer(t, addr, append([]string{
		"--bind", "127.0.0.1", "--port", port, "--dir", t.TempDir(),
		"--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning",
	}, args...)...)
}

func newServer(t testing.TB, addr string, args ...string) *Server {
	t.Helper()
	s := &Server{t: t, Addr: addr, binary: Binary(t), args: args}
	t.Cleanup(s.Kill)
	return s
}

// URL is the address as a setting has it.
func (s *Server) URL() string { return "redis://" + s.Addr }

// Restart starts the server where it was, with nothing in it, and waits until
// it answers.
func (s *Server) Restart() {
	s.t.Helper()
	s.Kill()
	s.process = exec.Command(s.binary, s.args...) //nolint:gosec,noctx // G204: the tester names the binary; Kill ends it
	if err := s.process.Start(); err != nil {
		s.t.Fatalf("starting redis-server: %v", err)
	}
	for deadline := time.Now().Add(within); ; <-time.After(10 * time.Millisecond) {
		_, err := s.Do("PING")
		if err == nil || strings.HasPrefix(err.Error(), "NOAUTH") {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("redis-server does not answer: %v", err)
		}
	}
}

// Kill ends the server at once; nothing happens when it does not run.
func (s *Server) Kill() {
	if s.process == nil {
		return
	}
	_ = s.process.Process.Kill()
	_ = s.process.Wait()
	s.process = nil
}

// Hang stops the server's process: its connections stand, and it does not answer.
func (s *Server) Hang() { s.signal(syscall.SIGSTOP) }

// Continue lets a server that hangs go on.
func (s *Server) Continue() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig os.Signal) {
	s.t.Helper()
	if err := s.process.Process.Signal(sig); err != nil {
		s.t.Fatalf("signalling redis-server: %v", err)
	}
}

// Do sends one command on a connection of its own and gives the reply, of a
// list its length; a refusal is an error.
func (s *Server) Do(args ...string) (string, error) {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(context.Background(), "tcp", s.Addr) // also while a test is cleaned up
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(within))
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	if _, err := conn.Write([]byte(b.String())); err != nil {
		return "", err
	}
	return reply(bufio.NewReader(conn))
}

func reply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(line[1:])
	switch line[0] {
	case '-':
		return "", errors.New(text)
	case '$':
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return "", err
		}
		body := make([]byte, n)
		_, err = io.ReadFull(r, body)
		return string(body), err
	}
	return text, nil
}
