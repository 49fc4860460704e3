package stream

import (
	"context"
	"errors"
	"time"
)

// Config has the settings of streams: server-sent events and WebSockets. The
// zero value refuses them.
type Config struct {
	Max         int           `name:"graphql-max-streams" default:"1000" help:"Maximum number of open streams (server-sent events and WebSockets). 0: no streams."`
	Operations  int           `name:"graphql-stream-operations" default:"100" help:"Maximum number of concurrent operations on one WebSocket."`
	InitTimeout time.Duration `name:"graphql-stream-init-timeout" default:"3s" help:"How long a client may take to send connection_init on a WebSocket."`
	KeepAlive   time.Duration `name:"graphql-stream-keep-alive" default:"12s" help:"Interval of keep-alive messages on idle streams. A WebSocket that does not answer within it is closed."`
	Idle        time.Duration `name:"graphql-stream-idle" default:"5m" help:"How long a WebSocket may stay open without an operation."`
}

// SignIn finds out who uses a WebSocket. Its errors are *fault.Error.
type SignIn interface {
	// SignIn returns a context of the viewer that authorization speaks for, which is the
	// authorization in connection_init and takes the place of the header; "" if it is absent.
	SignIn(ctx context.Context, authorization string) (context.Context, error)
	// Check returns an error if the viewer of ctx is not signed in any more.
	Check(ctx context.Context) error
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
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
