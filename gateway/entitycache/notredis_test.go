package entitycache_test

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"
)

// impostor is a server in the place of Redis that responds to everything with text, or
// never if text is "".
func impostor(t *testing.T, text string, hangUp bool) (url string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	var mu sync.Mutex
	var open []net.Conn
	serving.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			serving.Go(func() { speak(conn, text, hangUp) })
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		mu.Lock()
		for _, conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		serving.Wait()
	})
	return "redis://" + ln.Addr().String()
}

func speak(conn net.Conn, text string, hangUp bool) {
	defer func() { _ = conn.Close() }()
	buf := make([]byte, 4096)
	for !hangUp {
		if _, err := conn.Read(buf); err != nil {
			return
		}
		if _, err := conn.Write([]byte(text)); err != nil {
			return
		}
	}
}

func TestRedis_OtherServers(t *testing.T) {
	for name, c := range map[string]struct {
		says   string
		hangUp bool
	}{
		"it speaks HTTP":             {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", false},
		"it speaks no language":      {"\x00\xff\x17\r\n\x00", false},
		"it promises too much":       {"$2147483647\r\nx", false},
		"it says the same again":     {"+OK\r\n", false},
		"it answers with lists":      {"*3\r\n$1\r\na\r\n$1\r\nb\r\n:7\r\n", false},
		"it is loading":              {"-LOADING Redis is loading the dataset in memory\r\n", false},
		"it says nothing":            {"", false},
		"it hangs up":                {"", true},
		"it begins to say something": {"$10\r\nabc", false},
	} {
		t.Run(name, func(t *testing.T) {
			longest := time.Hour
			for round := range 3 { // the machine may be busy: the best of three
				g := onRedis(t, impostor(t, c.says, c.hangUp), newSource("first"))
				var worst time.Duration
				for n := range 30 {
					start := time.Now()
					g.want(t, fmt.Sprint(round, "-", n), "first")
					worst = max(worst, time.Since(start))
				}
				if longest = min(longest, worst); longest <= 100*time.Millisecond {
					return
				}
			}
			t.Errorf("a request waited %v", longest)
		})
	}
}
