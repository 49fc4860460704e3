// Package upstream makes the HTTP clients with which the gateway asks its
// services: one chain of policies around net/http for each.
package upstream

import (
	"errors"
	"time"
)

// Config is what an operator may set about calls to upstreams.
type Config struct {
	Timeout time.Duration `name:"upstream-timeout" default:"2s" help:"How long one attempt at one upstream call may take."`
	MaxBody int64         `name:"upstream-max-body" default:"8388608" help:"How many bytes the answer of an upstream may have."`
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	if c.Timeout <= 0 {
		return errors.New("upstream-timeout must be more than 0")
	}
	if c.MaxBody < 0 {
		return errors.New("upstream-max-body must not be negative")
	}
	return nil
}

const defaultMaxBody = 8 << 20

func (c Config) maxBody() int64 {
	if c.MaxBody > 0 {
		return c.MaxBody
	}
	return defaultMaxBody
}
