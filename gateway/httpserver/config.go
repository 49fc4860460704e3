// Package httpserver has what all HTTP servers of the project share: a router with
// middleware, problem documents (RFC 9457), and graceful shutdown.
package httpserver

import (
	"errors"
	"net"
	"time"

	"tributary/gateway/heap"
)

// Config has the settings of the gateway's HTTP server.
type Config struct {
	Addr           Addr          `name:"addr" default:":8000" help:"Address the gateway listens on."`
	RequestTimeout time.Duration `name:"request-timeout" default:"5s" help:"Time limit for a whole request."`
	WriteTimeout   time.Duration `name:"write-timeout" default:"30s" help:"How long a client may take to receive a response, on top of request-timeout."`
	Limits         Limits        `embed:""`
	TLS            TLSConfig     `embed:""`
	HTTP2          HTTP2         `embed:""`
	MaxConnections int           `name:"max-connections" default:"10000" help:"Maximum number of open client connections. At the limit idle ones are closed for new ones; if none is idle, some requests wait and more get 503, but for probes. With those of ops-addr at most three quarters of the limit of open files. 0: no other limit."`
	TrustedProxies []string      `name:"trusted-proxies" placeholder:"ADDRESS|NETWORK,..." help:"Proxies whose X-Forwarded-For tells the client's address, for max-operations-per-client. Empty: the address of a connection is the client's."`
	DrainDelay     time.Duration `name:"drain-delay" default:"1s" help:"How long the gateway keeps accepting requests after SIGTERM, so that load balancers see /readyz fail first."`
}

// connectionBytes is the memory of an idle connection: its buffers and the stack of its
// goroutine. headerFactor is how much memory the headers of a request take, for each of
// their bytes, if there are many short ones. Both were measured with 2000 connections.
const (
	connectionBytes = 24 << 10
	headerFactor    = 3
)

// Budgets returns the memory that the settings permit to connections.
func (c Config) Budgets() []heap.Budget {
	return []heap.Budget{ConnectionBudget("BFF_MAX_CONNECTIONS with BFF_MAX_HEADER_BYTES", c.MaxConnections, c.Limits.HeaderBytes)}
}

// ConnectionBudget returns the memory of connections whose requests have headers of at most
// headerBytes. The name is that of the settings.
func ConnectionBudget(name string, connections, headerBytes int) heap.Budget {
	return heap.Each(name, connections, connectionBytes+headerFactor*int64(headerBytes))
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	switch {
	case c.RequestTimeout <= 0:
		return errors.New("request-timeout must be more than 0")
	case c.WriteTimeout <= 0:
		return errors.New("write-timeout must be more than 0")
	case c.MaxConnections < 0:
		return errors.New("max-connections must not be negative")
	case c.DrainDelay < 0:
		return errors.New("drain-delay must not be negative")
	}
	_, err := NewClientAddrs(c.TrustedProxies)
	return err
}

// Addr is an address to listen on, [host]:port. Port 0 means any free port.
type Addr string

// Validate reports an invalid address.
func (a Addr) Validate() error {
	if _, err := net.ResolveTCPAddr("tcp", string(a)); err != nil {
		return errors.New("must be an address to listen on, like :8000 or 127.0.0.1:8000")
	}
	return nil
}
