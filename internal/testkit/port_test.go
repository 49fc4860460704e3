package testkit_test

import (
	"errors"
	"net"
	"runtime"
	"syscall"
	"testing"

	"tributary/internal/testkit"
)

func TestPort_Reserved(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux lets others listen where a port is kept")
	}
	addr := testkit.KeepAddr(t)
	for range 3 {
		if conn, err := net.Dial("tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%v, %v", conn, err)
		}
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := net.Listen("tcp", addr); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("two may listen: %v", err)
		}
		_, _ = conn.Close(), ln.Close()
	}
	for range 500 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ln.Close() })
		if ln.Addr().String() == addr {
			t.Fatal("the port was assigned to another listener")
		}
	}
}
