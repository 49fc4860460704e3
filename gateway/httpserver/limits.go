package httpserver

import (
	"errors"
	"time"
)

// Limits cut off clients that send too slowly or too much. Zero values mean the
// defaults.
type Limits struct {
	HeaderTimeout time.Duration `name:"read-header-timeout" default:"5s" help:"How long a client may take to send the headers of a request."`
	ReadTimeout   time.Duration `name:"read-timeout" default:"15s" help:"How long a client may take to send a whole request."`
	HeaderBytes   int           `name:"max-header-bytes" default:"32768" help:"Maximum size of the headers of a request, in bytes."`
}

const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	headerBytes   = 32 << 10
)

// Validate reports the first setting that cannot be used.
func (l Limits) Validate() error {
	switch {
	case l.HeaderTimeout <= 0:
		return errors.New("read-header-timeout must be more than 0")
	case l.ReadTimeout <= 0:
		return errors.New("read-timeout must be more than 0")
	case l.HeaderBytes <= 0:
		return errors.New("max-header-bytes must be more than 0")
	}
	return nil
}
