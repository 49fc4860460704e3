package soak_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"

	"tributary/internal/testkit/wstest"
)

// attacks are what hostile clients send: each sends one request or stream, and leaves when
// ctx ends at the latest.
var attacks = []func(s *soak, ctx context.Context){
	posts("application/json", func() string {
		return `{"query":"{users(ids:[` + each(300, `\"u%d\"`) + `]){` + each(100, ` a%d:username`) + `}}"}`
	}),
	posts("application/json", func() string {
		return `{"query":"{user(id:\"u1\"){` + each(80, ` a%d:orders{id user{id orders{id}}}`) + `}}"}`
	}),
	posts("application/json", func() string { return `{"query":"{` + each(60, ` a%d:user(id:\"u1\"){id}`) + `}"}` }),
	posts("application/json", func() string { return `{"query":"{user(id:\"u1\"){` + strings.Repeat(" id", 1500) + `}}"}` }),
	posts("application/json", func() string {
		return `{"query":"{__typename}","variables":{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}}`
	}),
	posts("application/json", func() string { return `{"query":"` + strings.Repeat("{a", 5000) }),
	posts("application/json", func() string {
		return "[" + strings.TrimSuffix(strings.Repeat(`{"query":"{__typename}"},`, 200), ",") + "]"
	}),
	posts("multipart/mixed", func() string {
		return `{"query":"{users(ids:[` + each(50, `\"u%d\"`) + `]){` + each(20, ` ...@defer(label:\"l%d\"){orders{id ...@defer{user{id}}}}`) + `}}"}`
	}),
	posts("text/event-stream", func() string {
		return `{"query":"{users(ids:[` + each(100, `\"u%d\"`) + `]){orders{items{product{name}}}}}"}`
	}),
	(*soak).announceMuch,
	(*soak).readNothing,
	(*soak).chooseNames,
	(*soak).openSocket,
}

func each(n int, format string) string {
	var b strings.Builder
	first := rand.N(1000)
	for i := range n {
		fmt.Fprintf(&b, format, first+i)
	}
	return b.String()
}

// attack lets one hostile client do something.
func (s *soak) attack(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, rand.N(3*time.Second))
	defer cancel()
	attacks[rand.N(len(attacks))](s, ctx)
	s.attacked.Add(1)
}

// posts returns an attack by a body of a query.
func posts(accept string, body func() string) func(*soak, context.Context) {
	return func(s *soak, ctx context.Context) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.gateway+"/graphql", strings.NewReader(body()))
		if err != nil {
			s.t.Error(err)
			return
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Accept", accept)
		s.send(r)
	}
}

// send sends a request and reads what comes; that a client sees nothing from inside the
// gateway is all that is expected.
func (s *soak) send(r *http.Request) {
	resp, err := s.client.Do(r)
	if err != nil {
		return
	}
	defer func() { _ = resp.Body.Close() }()
	if body, _ := io.ReadAll(resp.Body); strings.Contains(string(body), "INTERNAL") {
		s.t.Errorf("%s: %d %s", r.URL, resp.StatusCode, body)
	}
}

// dial connects with a small buffer for what is received.
func (s *soak) dial(ctx context.Context) net.Conn {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(s.gateway, "http://"))
	if err != nil {
		return nil
	}
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	return conn
}

// announceMuch announces a long body, sends a part of it and nothing more.
func (s *soak) announceMuch(ctx context.Context) {
	conn := s.dial(ctx)
	if conn == nil {
		return
	}
	defer func() { _ = conn.Close() }()
	length := "Content-Length: 1000000"
	if rand.N(2) == 0 {
		length = "Transfer-Encoding: chunked"
	}
	_, _ = fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n%s\r\n\r\n", length)
	if rand.N(2) == 0 {
		_, _ = fmt.Fprintf(conn, "%x\r\n%s", 1<<20, strings.Repeat(" ", rand.N(1<<20)))
	}
	<-ctx.Done()
}

// readNothing requests a long response and does not read it.
func (s *soak) readNothing(ctx context.Context) {
	conn := s.dial(ctx)
	if conn == nil {
		return
	}
	defer func() { _ = conn.Close() }()
	query := url.QueryEscape(`{users(ids:[` + each(100, `"u%d"`) + `]){` + each(50, ` a%d:email`) + `}}`)
	_, _ = fmt.Fprintf(conn, "GET /graphql?query=%s HTTP/1.1\r\nHost: gateway\r\n\r\n", query)
	<-ctx.Done()
}

// chooseNames chooses all that a client may choose: id of the request, trace, operation.
func (s *soak) chooseNames(ctx context.Context) {
	query := url.QueryEscape(fmt.Sprintf(`query %s{user(id:%q){id}}`, strings.Repeat("n", 1+rand.N(3000)),
		strings.Repeat("é", 1+rand.N(300))))
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.gateway+"/graphql?query="+query, http.NoBody)
	if err != nil {
		s.t.Error(err)
		return
	}
	for _, name := range []string{"X-Request-Id", "Traceparent", "Tracestate", "Accept-Language", "Accept", "If-None-Match",
		"X-Request-Timeout", "Cookie"} {
		r.Header.Set(name, strings.Repeat(string(rune('!'+rand.N(90))), rand.N(2000)))
	}
	s.send(r)
}

// openSocket opens a WebSocket and sends nothing, garbage or more operations than it may.
func (s *soak) openSocket(ctx context.Context) {
	conn, _, err := websocket.Dial(ctx, s.gateway+"/graphql",
		&websocket.DialOptions{Subprotocols: []string{wstest.Protocol}, HTTPClient: s.client})
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	switch rand.N(3) {
	case 0:
		_ = conn.Write(ctx, websocket.MessageText, []byte(strings.Repeat(`{"type":`, 1000)))
	case 1:
		_ = conn.Write(ctx, websocket.MessageText, []byte(`{"type":"connection_init"}`))
		for i := range 200 {
			_ = conn.Write(ctx, websocket.MessageText,
				fmt.Appendf(nil, `{"id":"%d","type":"subscribe","payload":{"query":"{user(id:\"u%[1]d\"){orders{id}}}"}}`, i))
		}
	}
	for err == nil {
		_, _, err = conn.Read(ctx)
	}
}
