// Package admission sheds load: a bounded number of operations is executed at a
// time, a bounded number waits for a short time, and the rest is rejected early,
// while that is cheap.
package admission

import (
	"errors"
	"fmt"
	"time"

	"tributary/gateway/heap"
)

// Config has the settings of load shedding. The zero value admits everything.
type Config struct {
	Operations int           `name:"max-operations" default:"1024" help:"Maximum number of operations executed concurrently; responses from the response cache do not count. 0: no limit."`
	PerClient  int           `name:"max-operations-per-client" default:"0" help:"Maximum number of operations of one client under way: of a viewer, or of an address if the request is anonymous (an IPv6 network of 64 bits); more get 429. Responses from the response cache do not count. 0: no limit."`
	Queue      int           `name:"operation-queue" default:"1024" help:"Maximum number of operations that wait to be executed; more get 503 at once."`
	QueueWait  time.Duration `name:"operation-queue-wait" default:"250ms" help:"How long an operation may wait to be executed, and a request body for memory, before it gets 503."`
	BodiesMB   int           `name:"graphql-bodies-mb" default:"64" help:"Memory for all request bodies and WebSocket messages in flight, in MiB, counted as they arrive; more get 503. A quarter of it is kept for the first 16 KiB of each."`

	ResponsesMB int `name:"graphql-responses-mb" default:"64" help:"Memory for all responses in flight and the data loaded for them, beyond 64 KiB of each, in MiB; one operation may use half of it, and more get 503. 0: no limit."`
}

// maxBodiesMB is beyond any memory, and within the range of a number of bytes.
const maxBodiesMB = 1 << 30

// operationBytes is the memory of an operation that no other budget has: its answer, as
// long as that is short, and what belongs to its goroutines.
const operationBytes = 64 << 10

// Budgets returns the memory that the settings permit to requests. A body is read into
// buffers of up to twice its size.
func (c Config) Budgets() []heap.Budget {
	return []heap.Budget{
		heap.Each("BFF_MAX_OPERATIONS", c.Operations, operationBytes),
		heap.InMiB("BFF_GRAPHQL_BODIES_MB", c.BodiesMB, 2),
		heap.Each("BFF_GRAPHQL_RESPONSES_MB", c.ResponsesMB, 1<<20),
	}
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	switch {
	case c.Operations < 0:
		return errors.New("max-operations must not be negative")
	case c.PerClient < 0:
		return errors.New("max-operations-per-client must not be negative")
	case c.Queue < 0:
		return errors.New("operation-queue must not be negative")
	case c.QueueWait < 0:
		return errors.New("operation-queue-wait must not be negative")
	case c.BodiesMB < 0:
		return errors.New("graphql-bodies-mb must not be negative")
	case c.BodiesMB > maxBodiesMB:
		return fmt.Errorf("graphql-bodies-mb must be at most %d", maxBodiesMB)
	case c.ResponsesMB < 0:
		return errors.New("graphql-responses-mb must not be negative")
	}
	return nil
}
