package harness

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// An Outcome is what a command that has ended left behind.
type Outcome struct {
	Stdout, Stderr string
	Code           int // -1 if a signal ended it
}

// raceExit lets a process with the race detector end at once. By default it waits for a
// second, for reports of races at its end.
const raceExit = "GORACE=atexit_sleep_ms=50"

// Run runs a command to its end, with nothing in its environment but env.
func (b *Builder) Run(t testing.TB, env map[string]string, stdin io.Reader, args ...string) Outcome {
	t.Helper()
	binary := b.Binary(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, binary, args...) //nolint:gosec // G204: the test names the arguments
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	for _, name := range slices.Sorted(maps.Keys(env)) {
		cmd.Env = append(cmd.Env, name+"="+env[name])
	}
	cmd.Env = append(cmd.Env, raceExit, "HOME=/") // an empty environment would be the test's own
	err := cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("%v went on running", args)
	}
	if ended := (*exec.ExitError)(nil); err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	return Outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// A Process is a command that runs until it is stopped, at the latest when its test
// ends.
type Process struct {
	// Done gets the error of the process when it has ended, nil for exit code 0.
	Done <-chan error
	Cmd  *exec.Cmd

	ended  <-chan struct{}
	stderr output
}

// output is what a process has written so far.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements [io.Writer].
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

// Stderr returns what the process has written to stderr so far.
func (p *Process) Stderr() string {
	p.stderr.mu.Lock()
	defer p.stderr.mu.Unlock()
	return p.stderr.b.String()
}

// Stop sends SIGTERM to the process.
func (p *Process) Stop() { _ = p.Cmd.Process.Signal(syscall.SIGTERM) }

// Start starts a command with the given environment. Its stdout is written to stdout.
func (b *Builder) Start(t testing.TB, env []string, stdout io.Writer, args ...string) *Process {
	t.Helper()
	done, ended := make(chan error, 1), make(chan struct{})
	p := &Process{Done: done, ended: ended, Cmd: exec.Command(b.Binary(t), args...)} //nolint:gosec,noctx // G204: as above
	p.Cmd.Env, p.Cmd.Stdout, p.Cmd.Stderr = slices.Concat(env, []string{raceExit, "HOME=/"}), stdout, &p.stderr
	if err := p.Cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		done <- p.Cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		p.end()
		http.DefaultClient.CloseIdleConnections() //nolint:forbidigo // tests use it
		if strings.Contains(p.Stderr(), "WARNING: DATA RACE") {
			t.Errorf("%v: %s", args, p.Stderr())
		}
	})
	return p
}

// end ends the process, by force if it takes longer than tests give it.
func (p *Process) end() {
	p.Stop()
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		_ = p.Cmd.Process.Kill()
		<-p.ended
	}
}

// Dev is the command dev: the gateway and the example services.
type Dev struct {
	*Process
	Gateway, Users, Orders, Products string // URLs
}

// Dev starts everything on free ports.
func (b *Builder) Dev(t testing.TB, env []string, args ...string) *Dev {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	d := &Dev{Process: b.Start(t, env, w, append([]string{"dev", "--addr=127.0.0.1:0", "--users-addr=127.0.0.1:0",
		"--orders-addr=127.0.0.1:0", "--products-addr=127.0.0.1:0", "--drain-delay=100ms"}, args...)...)}
	_ = w.Close() // the process has its own
	banner := d.readBanner(t, r)
	for name, url := range map[string]*string{"GraphQL": &d.Gateway, "users": &d.Users, "orders": &d.Orders, "products": &d.Products} {
		found := regexp.MustCompile(`(?m)^  ` + name + ` +(http://[^/\s]+)`).FindStringSubmatch(banner)
		if found == nil {
			t.Fatalf("no address of %s in\n%s", name, banner)
		}
		*url = found[1]
	}
	return d
}

// readBanner reads until the last line that a start prints, and discards the rest.
func (d *Dev) readBanner(t testing.TB, r io.Reader) string {
	t.Helper()
	var banner strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(banner.String(), "-d '") {
		n, err := r.Read(buf)
		if err != nil {
			t.Fatalf("ended with %v after\n%s%s", err, banner.String(), d.Stderr())
		}
		banner.Write(buf[:n])
	}
	go func() { _, _ = io.Copy(io.Discard, r) }()
	return banner.String()
}
