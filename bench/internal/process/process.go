// Package process runs the servers that are compared and reads from the
// system's own accounting what they use.
package process

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ticks a second, in which Linux counts processor time for user space.
const ticks = 100

// Process is a server in a process of its own.
type Process struct {
	Addr string // where it listens
	cmd  *exec.Cmd
	log  *os.File // what it writes to stderr
	done chan struct{}
}

// FreeAddr returns a free address of this machine.
func FreeAddr() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// Start runs a command and waits until ready, a path of the server at addr,
// answers with anything: its own refusal is an answer, too. With no path it
// waits until the address takes connections.
func Start(addr, ready string, env []string, dir, name string, args ...string) (*Process, error) {
	p := &Process{Addr: addr, cmd: exec.Command(name, args...), done: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Env = append(os.Environ(), env...)
	var err error
	if p.log, err = os.CreateTemp("", "bench-*.log"); err != nil {
		return nil, err
	}
	p.cmd.Stderr = p.log // a file, as cheap a place for a log as there is
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, p.close())
	}
	go func() { _ = p.cmd.Wait(); close(p.done) }()
	for deadline := time.Now().Add(60 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if answers(addr, ready) {
			return p, nil
		}
		select {
		case <-p.done:
			said, _ := os.ReadFile(p.log.Name())
			return nil, errors.Join(fmt.Errorf("%s ended: %.2000s", name, said), p.close())
		default:
		}
	}
	p.Stop()
	return nil, errors.New(name + " did not answer within a minute")
}

func answers(addr, path string) bool {
	if path == "" {
		conn, err := net.Dial("tcp", addr)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
	resp, err := http.Get("http://" + addr + path)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err == nil
}

// Stop ends the process.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	_ = p.close()
}

func (p *Process) close() error { return errors.Join(p.log.Close(), os.Remove(p.log.Name())) }

// CPU is the processor time that all threads of the process have used, in user
// space and in the kernel, to a hundredth of a second.
func (p *Process) CPU() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name of the command is in brackets, and may contain any character.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticks, err
}

// Memory is how many bytes of the process are resident now and were at most.
func (p *Process) Memory() (now, peak int64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		var kilobytes int64
		if _, e := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); e == nil {
			now = kilobytes << 10
		}
		if _, e := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); e == nil {
			peak = kilobytes << 10
		}
	}
	return now, peak, nil
}
