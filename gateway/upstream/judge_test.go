package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"testing"

	"tributary/gateway/fault"
)

// dialError is what net/http returns when a system call fails while it connects.
func dialError(call string, errno syscall.Errno) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError(call, errno)}
}

// lookupError is what it returns when the call fails while it looks up the name.
func lookupError(errno syscall.Errno) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Name: "things", Err: "dial udp: " + os.NewSyscallError("socket", errno).Error()}}
}

func TestJudge_CountsWhatTheServiceDid(t *testing.T) {
	for name, tt := range map[string]struct {
		status    int
		err       error
		forwarded int
		want      judgement
	}{
		"200":                             {status: 200, want: works},
		"302":                             {status: 302, want: works},
		"404":                             {status: 404, want: works},
		"408":                             {status: 408, want: works},
		"413, over headers of the client": {status: 413, want: works},
		"429":                             {status: 429, want: works},
		"431, over headers of the client": {status: 431, want: works},
		"500":                             {status: 500, want: fails},
		"504":                             {status: 504, want: fails},

		"all the time of an attempt":        {err: fmt.Errorf("%w: net/http: request canceled", errAttemptTimeout), want: fails},
		"connection refused":                {err: dialError("connect", syscall.ECONNREFUSED), want: fails},
		"no route to the host":              {err: dialError("connect", syscall.EHOSTUNREACH), want: fails},
		"no answer to the connection":       {err: dialError("connect", syscall.ETIMEDOUT), want: fails},
		"no such host":                      {err: &net.DNSError{Name: "things", Err: "no such host", IsNotFound: true}, want: fails},
		"a reset":                           {err: dialError("read", syscall.ECONNRESET), want: fails},
		"a hangup":                          {err: io.EOF, forwarded: 1000, want: fails},
		"a lost connection of HTTP/2":       {err: errors.New("http2: client connection lost"), want: fails},
		"an answer that is no HTTP":         {err: errors.New(`malformed HTTP response "x"`), want: fails},
		"an invalid response":               {err: fault.New(fault.InvalidResponse, "", io.EOF), want: works},
		"a bug of ours":                     {err: fault.New(fault.Internal, "", io.EOF), want: unknown},
		"too little time":                   {err: fault.New(fault.Timeout, "", errNoTime), want: unknown},
		"canceled by a policy":              {err: context.Canceled, want: unknown},
		"a reset, over large headers":       {err: dialError("read", syscall.ECONNRESET), forwarded: 20 << 10, want: unknown},
		"a broken pipe, over large headers": {err: dialError("write", syscall.EPIPE), forwarded: 20 << 10, want: unknown},
		"a hangup, over large headers":      {err: io.EOF, forwarded: 20 << 10, want: unknown},
		"refused, with large headers":       {err: dialError("connect", syscall.ECONNREFUSED), forwarded: 20 << 10, want: fails},
		"headers too large for HTTP/2":      {err: errors.New("http2: request header list larger than peer's advertised limit"), want: unknown},
		"headers that net/http refuses":     {err: errors.New(`net/http: invalid header field value for "X-A"`), want: unknown},

		"EMFILE":                           {err: dialError("socket", syscall.EMFILE), want: unknown},
		"ENFILE":                           {err: dialError("socket", syscall.ENFILE), want: unknown},
		"ENOBUFS":                          {err: dialError("connect", syscall.ENOBUFS), want: unknown},
		"ENOMEM":                           {err: dialError("socket", syscall.ENOMEM), want: unknown},
		"EADDRNOTAVAIL":                    {err: dialError("connect", syscall.EADDRNOTAVAIL), want: unknown},
		"EADDRINUSE":                       {err: dialError("bind", syscall.EADDRINUSE), want: unknown},
		"EAGAIN":                           {err: dialError("connect", syscall.EAGAIN), want: unknown},
		"EPERM":                            {err: dialError("connect", syscall.EPERM), want: unknown},
		"ENETDOWN":                         {err: dialError("connect", syscall.ENETDOWN), want: unknown},
		"EMFILE, of a proxy's connection":  {err: &url.Error{Op: "proxyconnect", Err: dialError("socket", syscall.EMFILE)}, want: unknown},
		"EMFILE, while looking up a name":  {err: lookupError(syscall.EMFILE), want: unknown},
		"ENOBUFS, while looking up a name": {err: lookupError(syscall.ENOBUFS), want: unknown},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://things.example.com/", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp := newReply("things", tt.status, nil, nil)
			if tt.err != nil {
				resp = noReply("things", tt.err)
			}
			if got := judge(r, resp, tt.forwarded); got != tt.want {
				t.Errorf("it says %v, want %v", got, tt.want)
			}
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			timedOut := errors.Is(tt.err, errAttemptTimeout)
			if got := judge(r.WithContext(ended), resp, tt.forwarded); got == fails && tt.err != nil && !timedOut {
				t.Error("it blames the service when the caller is gone")
			}
		})
	}
}
