// Package httpserver is what every HTTP server of the project has in common:
// the middleware around its routes, problem documents, and a stop that drops
// no request.
package httpserver

import (
	"errors"
	"net"
	"time"
)

// Config is what an operator may set about the gateway's own server.
type Config struct {
	Addr           Addr          `name:"addr" default:":8000" help:"Where the gateway listens."`
	RequestTimeout time.Duration `name:"request-timeout" default:"5s" help:"How long a whole request may take."`
	WriteTimeout   time.Duration `name:"write-timeout" default:"30s" help:"How much longer than that a client may take to take its answer."`
	Limits         Limits        `embed:""`
	MaxConnections int           `name:"max-connections" default:"10000" help:"How many connections of clients may be open at once; more wait to be accepted. 0 sets no limit."`
	DrainDelay     time.Duration `name:"drain-delay" default:"1s" help:"How long a gateway that was told to stop still accepts requests, so that load balancers notice."`
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
	return nil
}

// Addr is where a server listens: [host]:port. Port 0 means any that is free.
type Addr string

// Validate reports an address that nobody can listen on.
func (a Addr) Validate() error {
	if _, err := net.ResolveTCPAddr("tcp", string(a)); err != nil {
		return errors.New("must be an address to listen on, like :8000 or 127.0.0.1:8000")
	}
	return nil
}
