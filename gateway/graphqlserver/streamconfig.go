package graphqlserver

import (
	"errors"
	"time"
)

// StreamConfig is what an operator may set about connections on which answers
// come one after the other. The zero value refuses them.
type StreamConfig struct {
	Max         int           `name:"graphql-max-streams" default:"1000" help:"How many streams (server-sent events, WebSockets) may be open at once. 0: there are none."`
	Operations  int           `name:"graphql-stream-operations" default:"100" help:"How many operations may be under way on one WebSocket."`
	InitTimeout time.Duration `name:"graphql-stream-init-timeout" default:"3s" help:"How long a WebSocket may take to send connection_init."`
	KeepAlive   time.Duration `name:"graphql-stream-keep-alive" default:"12s" help:"How often a silent stream is shown to be alive. A WebSocket that does not answer in this time is closed."`
	Idle        time.Duration `name:"graphql-stream-idle" default:"5m" help:"How long a WebSocket may be open without an operation."`

	Timeout time.Duration `kong:"-"` // of queries and mutations on a stream
}

// Validate reports the first setting that cannot be used.
func (c StreamConfig) Validate() error {
	switch {
	case c.Max < 0:
		return errors.New("graphql-max-streams must not be negative")
	case c.Max == 0:
		return nil
	case c.Operations <= 0:
		return errors.New("graphql-stream-operations must be more than 0")
	case c.InitTimeout <= 0:
		return errors.New("graphql-stream-init-timeout must be more than 0")
	case c.KeepAlive <= 0:
		return errors.New("graphql-stream-keep-alive must be more than 0")
	case c.Idle <= 0:
		return errors.New("graphql-stream-idle must be more than 0")
	}
	return nil
}
