package faultyupstream

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// An Exchange is a request that has been read and a connection to answer it on.
type Exchange struct {
	Conn    net.Conn
	Request *http.Request
	Body    []byte          // of the request
	Closed  <-chan struct{} // when the test is over
}

// A Behaviour writes the response to a request, valid or not, and reports whether the connection
// may be reused.
type Behaviour func(*Exchange) (again bool)

// A Script returns the behaviour for the nth request for a path, counted from 0.
type Script func(n int) Behaviour

// Always behaves in one way.
func Always(b Behaviour) Script { return func(int) Behaviour { return b } }

// First behaves in one way n times and in another from then on.
func First(n int, b, then Behaviour) Script {
	return func(i int) Behaviour {
		if i < n {
			return b
		}
		return then
	}
}

// Flapping behaves in one way n times, in another n times, and so on.
func Flapping(n int, b, other Behaviour) Script {
	return func(i int) Behaviour {
		if i/n%2 == 0 {
			return b
		}
		return other
	}
}

// Answer gives a whole answer; headers are lines such as "Retry-After: 1".
func Answer(status int, body string, headers ...string) Behaviour {
	return func(e *Exchange) bool {
		headers := append([]string{fmt.Sprintf("Content-Length: %d", len(body))}, headers...)
		return e.write(head(status, headers...) + body)
	}
}

// JSON answers 200 with a body.
func JSON(body string) Behaviour {
	return Answer(http.StatusOK, body, "Content-Type: application/json")
}

// HTML answers 200 with a page, as some proxies do in the place of a service.
func HTML() Behaviour {
	return Answer(http.StatusOK, "<!doctype html><title>It works!</title>", "Content-Type: text/html")
}

// Late waits before it behaves.
func Late(by time.Duration, then Behaviour) Behaviour {
	return func(e *Exchange) bool {
		select {
		case <-time.After(by):
			return then(e)
		case <-e.Closed:
			return false
		}
	}
}

// BlockUntil waits for until to be closed before it behaves.
func BlockUntil(until <-chan struct{}, then Behaviour) Behaviour {
	return func(e *Exchange) bool {
		select {
		case <-until:
			return then(e)
		case <-e.Closed:
			return false
		}
	}
}

// Reset breaks the connection, so that the client reads a reset.
func Reset() Behaviour {
	return func(e *Exchange) bool {
		_ = e.Conn.(*net.TCPConn).SetLinger(0)
		return false
	}
}

// CloseWithoutResponse ends the connection without an answer.
func CloseWithoutResponse() Behaviour { return func(*Exchange) bool { return false } }

// Stall writes the beginning of an answer, as much as is given, and then
// nothing until the client leaves. Of an answer with a body of 100 bytes,
// [Head] is the part that ends the headers.
func Stall(beginning string) Behaviour {
	return func(e *Exchange) bool {
		if e.write(beginning) {
			_, _ = io.Copy(io.Discard, e.Conn)
		}
		return false
	}
}

// Head is the beginning of an answer of 100 bytes, up to its body.
func Head() string {
	return head(http.StatusOK, "Content-Type: application/json", "Content-Length: 100")
}

// Drip answers byte by byte.
func Drip(body string, every time.Duration) Behaviour {
	return func(e *Exchange) bool {
		answer := head(http.StatusOK, fmt.Sprintf("Content-Length: %d", len(body))) + body
		tick := time.NewTicker(every)
		defer tick.Stop()
		for i := range answer {
			if !e.write(answer[i : i+1]) {
				return false
			}
			select {
			case <-tick.C:
			case <-e.Closed:
				return false
			}
		}
		return true
	}
}

// Truncated announces more than it has.
func Truncated(body string) Behaviour {
	return func(e *Exchange) bool {
		e.write(head(http.StatusOK, fmt.Sprintf("Content-Length: %d", len(body)+10)) + body)
		return false
	}
}

// UnderstatedLength declares a Content-Length that is less than the length of body by the given number of
// bytes.
func UnderstatedLength(body string, by int) Behaviour {
	return func(e *Exchange) bool {
		e.write(head(http.StatusOK, fmt.Sprintf("Content-Length: %d", len(body)-by)) + body)
		return false
	}
}

// Overrun announces less than it has: what is left over would be the beginning
// of the next answer.
func Overrun(body string) Behaviour {
	return func(e *Exchange) bool {
		return e.write(head(http.StatusOK, fmt.Sprintf("Content-Length: %d", len(body))) + body + "left over")
	}
}

// HugeContentLength says that it has n bytes, and writes them until the client leaves.
func HugeContentLength(n int) Behaviour {
	return func(e *Exchange) bool {
		ok := e.write(head(http.StatusOK, fmt.Sprintf("Content-Length: %d", n)))
		block := strings.Repeat(" ", 0x1000)
		for left := n; ok && left > 0; left -= len(block) {
			ok = e.write(block[:min(left, len(block))])
		}
		return ok
	}
}

// Endless writes a body without an end until the client leaves.
func Endless() Behaviour {
	return func(e *Exchange) bool {
		ok := e.write(head(http.StatusOK, "Transfer-Encoding: chunked"))
		for chunk := "1000\r\n" + strings.Repeat(" ", 0x1000) + "\r\n"; ok; {
			ok = e.write(chunk)
		}
		return false
	}
}

// Bomb answers few bytes that unpack to n.
func Bomb(n int) Behaviour { return Gzip(strings.Repeat(" ", n)) }

// Gzip answers 200 with a body, packed when it is first asked for.
func Gzip(body string) Behaviour {
	packed := sync.OnceValue(func() string {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = io.WriteString(w, body)
		_ = w.Close()
		return packed.String()
	})
	return func(e *Exchange) bool { return Answer(http.StatusOK, packed(), "Content-Encoding: gzip")(e) }
}

// Garbage answers something that is no HTTP.
func Garbage() Behaviour { return Raw("\x16\x03\x01\x02\x00 220 smtp.example.com ready\r\n\r\n") }

// Raw writes what it is given, as it is, and ends the connection.
func Raw(text string) Behaviour {
	return func(e *Exchange) bool {
		e.write(text)
		return false
	}
}

func head(status int, headers ...string) string {
	lines := append([]string{fmt.Sprintf("HTTP/1.1 %d %s", status, http.StatusText(status))}, headers...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

func (e *Exchange) write(s string) bool {
	_, err := io.WriteString(e.Conn, s)
	return err == nil
}
