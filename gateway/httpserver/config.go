// Package httpserver is what every HTTP server of the project has in common:
// the middleware around its routes, problem documents, and a stop that drops
// no request.
package httpserver

import (
	"errors"
	"time"
)

// Config is what an operator may set about the gateway's own server.
type Config struct {
	Addr           string        `name:"addr" default:":8000" help:"Where the gateway listens."`
	RequestTimeout time.Duration `name:"request-timeout" default:"5s" help:"How long a whole request may take."`
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	if c.RequestTimeout <= 0 {
		return errors.New("request-timeout must be more than 0")
	}
	return nil
}
