//go:build !race

package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tributary/internal/testkit"
)

// served is a command that serves in a process of its own.
type served struct {
	t      *testing.T
	cmd    *exec.Cmd
	probe  string // a URL that answers 200
	stdout *os.File
	stderr *os.File
	ended  chan struct{} // closed when the process has
}

// serving returns a command, which is not started yet. Its outputs are discarded.
func serving(t *testing.T, command string) *served {
	t.Helper()
	addr := testkit.KeepAddr(t)
	s := &served{t: t, ended: make(chan struct{}), probe: "http://" + addr + "/graphql?query=%7B__typename%7D"}
	args := []string{command, "--addr", addr, "--drain-delay=0s"}
	switch command {
	case "users":
		args, s.probe = []string{command, "--users-addr", addr}, "http://"+addr+"/health"
	case "dev":
		args = append(args, "--users-addr=127.0.0.1:0", "--orders-addr=127.0.0.1:0", "--products-addr=127.0.0.1:0")
	}
	s.cmd = exec.Command(builder.Binary(t), args...)
	s.cmd.Env = os.Environ()
	return s
}

func (s *served) start() {
	s.t.Helper()
	s.cmd.Stdout, s.cmd.Stderr = nil, nil
	if s.stdout != nil {
		s.cmd.Stdout = s.stdout
	}
	if s.stderr != nil {
		s.cmd.Stderr = s.stderr
	}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() { _ = s.cmd.Wait(); close(s.ended) }()
	s.t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.ended
		http.DefaultClient.CloseIdleConnections()
	})
	waitFor(s.t, func() bool { return s.get("start") == nil })
}

// client does not wait for a process that hangs.
var impatient = &http.Client{Timeout: 5 * time.Second}

func (s *served) get(id string) error {
	req, err := http.NewRequest(http.MethodGet, s.probe, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("X-Request-Id", id)
	resp, err := impatient.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", resp.StatusCode)
	}
	return err
}

// load sends requests whose lines in the log have more than 300 bytes.
func (s *served) load(requests int) {
	s.t.Helper()
	const clients = 4
	id := strings.Repeat("x", 100)
	var all sync.WaitGroup
	for c := range clients {
		all.Go(func() {
			for i := range requests / clients {
				if err := s.get(fmt.Sprintf("load-%s-%d-%d", id, c, i)); err != nil {
					s.t.Errorf("request %d: %v", i, err)
					return
				}
			}
		})
	}
	all.Wait()
}

// stop sends a signal and expects the process to end in order.
func (s *served) stop() {
	s.t.Helper()
	select {
	case <-s.ended:
		s.t.Fatalf("has ended before: %v", s.cmd.ProcessState)
	default:
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
		s.t.Fatal("does not stop")
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		s.t.Errorf("ended with %v", s.cmd.ProcessState)
	}
}

// dropped is the number of lines that the process counts as dropped.
func (s *served) dropped() int {
	s.t.Helper()
	resp, err := impatient.Get(s.probe[:strings.LastIndex(s.probe, "/")] + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^log_lines_dropped_total (\S+)$`).FindSubmatch(text)
	if found == nil {
		s.t.Fatal("no log_lines_dropped_total")
	}
	n, err := strconv.ParseFloat(string(found[1]), 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return int(n)
}
