package faultpanel

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// scarce is a listener whose next calls of Accept fail, as without file descriptors.
type scarce struct {
	net.Listener
	errno syscall.Errno
	fails atomic.Int32
}

func (l *scarce) Accept() (net.Conn, error) {
	if l.fails.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", l.errno)}
	}
	return l.Listener.Accept()
}

// A connection that could not be accepted for a lack of resources is accepted later.
func TestRelay_GoesOnAccepting(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ECONNABORTED} {
		t.Run(errno.Error(), func(t *testing.T) {
			listen := func() net.Listener {
				ln, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = ln.Close() })
				return ln
			}
			target, ln := listen(), &scarce{Listener: listen(), errno: errno}
			ln.fails.Store(3)
			relay := newTCPProxy(ln, target.Addr().String())
			defer func() { _ = relay.Close() }()
			client, err := net.Dial("tcp", relay.Addr())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = client.Close() }()
			_ = client.SetDeadline(time.Now().Add(10 * time.Second))
			_, _ = fmt.Fprintln(client, "hello")
			go func() {
				if server, err := target.Accept(); err == nil {
					_, _ = fmt.Fprintln(server, "hello")
					_ = server.Close()
				}
			}()
			if _, err := bufio.NewReader(client).ReadString('\n'); err != nil {
				t.Error(err)
			}
		})
	}
}
