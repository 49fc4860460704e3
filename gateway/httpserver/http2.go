package httpserver

import (
	"cmp"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"
)

// HTTP2 has the settings of HTTP/2, which clients use over TLS. The zero value has the default
// number of streams.
type HTTP2 struct {
	Streams   int  `name:"http2-max-streams" default:"100" help:"Maximum number of concurrent requests on one HTTP/2 connection."`
	Cleartext bool `name:"h2c" help:"Accept HTTP/2 without TLS as well, from proxies that begin with it."`
}

// Validate reports the first setting that cannot be used.
func (h HTTP2) Validate() error {
	if h.Streams <= 0 {
		return errors.New("http2-max-streams must be more than 0")
	}
	return nil
}

const (
	http2Streams  = 100              // by default
	http2Buffer   = 1 << 20          // of what a connection sends before it is read, in bytes
	http2PingTime = 30 * time.Second // of silence, after which a connection must answer a ping
)

// apply sets up HTTP/2 for a server.
func (h HTTP2) apply(srv *http.Server) {
	srv.Protocols = &http.Protocols{}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetHTTP2(true) // over TLS
	srv.Protocols.SetUnencryptedHTTP2(h.Cleartext)
	srv.HTTP2 = &http.HTTP2Config{
		MaxConcurrentStreams:          cmp.Or(h.Streams, http2Streams),
		MaxReceiveBufferPerConnection: http2Buffer,
		MaxReceiveBufferPerStream:     http2Buffer / 4,
		SendPingTimeout:               http2PingTime,
	}
}

// preface is how a client begins HTTP/2 without TLS (RFC 9113, section 3.4).
const preface = "PRI * HTTP/2"

// counted returns the connection that limits count behind one of the server, and whether its
// requests are multiplexed by HTTP/2 over TLS.
func counted(conn net.Conn) (c *connection, multiplexed bool) {
	if encrypted, ok := conn.(*tls.Conn); ok {
		multiplexed = encrypted.ConnectionState().NegotiatedProtocol == "h2"
		conn = encrypted.NetConn()
	}
	c, _ = conn.(*connection)
	return c, multiplexed
}
