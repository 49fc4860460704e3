package testkit

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"
)

// KeepAddr reserves an address of 127.0.0.1 until the test ends. Any process may listen on it,
// one after the other; meanwhile, connections are refused, and the system does not assign the
// port to listeners on port 0.
//
// The port is reserved by a socket that is bound and does not listen. Only Linux lets another
// socket listen on the same port; elsewhere the port is only one that is free at first.
func KeepAddr(t testing.TB) (addr string) {
	t.Helper()
	syscall.ForkLock.RLock()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(socket)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	port, err := bind(socket)
	if err != nil {
		_ = syscall.Close(socket)
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" {
		t.Cleanup(func() { _ = syscall.Close(socket) })
	} else {
		_ = syscall.Close(socket)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// bind binds a socket to any port that is free, as one beside which others may
// listen at it: what listens says the same, as Go does and most servers do.
func bind(socket int) (port int, err error) {
	if err := syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	addr, err := syscall.Getsockname(socket)
	if err != nil {
		return 0, err
	}
	return addr.(*syscall.SockaddrInet4).Port, nil
}
