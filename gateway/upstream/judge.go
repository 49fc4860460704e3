package upstream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"

	"tributary/gateway/fault"
)

// A judgement is what a call says about the health of its service.
type judgement int

const (
	unknown judgement = iota // the call ended for a reason that is not the service's
	works
	fails
)

// judge returns what a call says about its service's health. Only what the service did on
// the gateway's own terms counts:
//
//   - A service that responds works, even if it rejects the request or the response is
//     invalid: less load would not help.
//   - A timeout counts if an attempt had all of upstream-timeout, and not if a caller's
//     earlier deadline ended it.
//   - A failure of this process, such as a lack of file descriptors or of memory for
//     responses, does not count. Neither does one of the token endpoint.
//   - Neither does a connection that is lost over headers of clients which are so large that
//     many servers hang up on them.
//
// forwarded is the size of the headers that the call has from clients.
func judge(r *http.Request, got reply, forwarded int) judgement {
	f, failed := errors.AsType[*fault.Error](got.err)
	switch err := got.err; {
	case got.status >= 500:
		return fails
	case !failed, got.status > 0, f.Kind == fault.InvalidResponse:
		return works
	case isOurs(f):
		return unknown
	case errors.Is(err, errAttemptTimeout):
		return fails
	case r.Context().Err() != nil, errors.Is(err, context.Canceled), errors.Is(err, errNoTime):
		return unknown
	case forwarded > largeHeader && isDisconnect(err):
		return unknown
	}
	return fails
}

// isOurs reports whether an attempt failed for a lack of something that is not the service's:
// memory for the response, a token, file descriptors; or by a bug.
func isOurs(f *fault.Error) bool {
	return f.Kind == fault.Overloaded || f.Kind == fault.Internal || errors.Is(f, errNoToken) || isLocal(f)
}

// largeHeader is the size of forwarded headers, in bytes, from which on a connection may be
// lost because of them. Servers commonly accept 8 KiB of headers in all; most answer 400 or
// 431 to more, but some reset the connection.
const largeHeader = 4 << 10

// headerSize returns the size of headers in bytes, as HTTP/1.1 has them.
func headerSize(h http.Header) int {
	size := 0
	for name, values := range h {
		for _, value := range values {
			size += len(name) + len(": \r\n") + len(value)
		}
	}
	return size
}

// isDisconnect reports whether the peer ended a connection instead of answering.
func isDisconnect(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNABORTED)
}

// localErrors are those of system calls that fail for a lack of resources or permissions of
// this process or machine: file descriptors, local ports, memory, a local firewall.
var localErrors = [...]syscall.Errno{
	syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.EADDRINUSE, syscall.ENOBUFS, syscall.ENOMEM,
	syscall.EAGAIN, syscall.EPERM, syscall.EACCES, syscall.ENETDOWN, syscall.EAFNOSUPPORT,
}

// refusals are the texts of errors with which net/http itself refuses to send a request,
// because of its headers. It exports none of them.
var refusals = [...]string{
	"http2: request header list larger than peer's advertised limit",
	"net/http: invalid header field",
	"net/http: invalid trailer field",
}

// isLocal reports whether a request failed here, before the service could get it.
func isLocal(err error) bool {
	dns, isDNS := errors.AsType[*net.DNSError](err)
	for _, errno := range localErrors {
		// A DNSError has the text of its cause, but does not wrap it.
		if errors.Is(err, errno) || isDNS && strings.HasSuffix(dns.Err, errno.Error()) {
			return true
		}
	}
	for _, refusal := range refusals {
		if strings.Contains(err.Error(), refusal) {
			return true
		}
	}
	return isDNS && !canOpenFiles()
}

// canOpenFiles reports whether this process can open a file now. If not, the resolver of the C
// library says that there is no such host.
func canOpenFiles() bool {
	f, err := os.Open(os.DevNull)
	if err != nil {
		return !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE)
	}
	_ = f.Close()
	return true
}
