package limits

import (
	"context"
	"errors"
	"fmt"

	"tributary/gateway/engine/refusal"
	"tributary/gateway/execute"
	"tributary/gateway/fault"
)

// maxErrors is the maximum number of errors in a response. The others are counted in
// extensions.errorsOmitted.
const maxErrors = 100

// responseMemory is how many times the size of a response making it may take, in bytes: the
// response itself, and the parts of which it is put together.
const responseMemory = 3

// ResponseMemory returns the memory that making the largest response may take, in bytes.
func (l Config) ResponseMemory() int { return responseMemory * l.Response }

// Meter returns the context in which an operation is executed within the limits of a
// response. The memory of the response counts until the context until ends, or, if that is
// nil, until the operation has ended.
func (c *Checker) Meter(ctx, until context.Context) *execute.Meter {
	return execute.NewMeter(ctx, until, execute.Limits{
		Fields: c.Fields,
		Bytes:  max(1, c.Response-len(execute.Opening)-len(execute.Closing)),
		Errors: maxErrors,
	}, c.memory)
}

// Stopped returns the refusal of an operation that a meter has stopped for a reason. It is
// nil if the reason is that time was over, which is no matter of limits.
func (c *Checker) Stopped(why error) *refusal.Refusal {
	switch {
	case errors.Is(why, execute.ErrFields):
		return c.refuse(violation{limit: limitFields, allowed: c.Fields, message: fmt.Sprintf("the response has more than %d fields", c.Fields)})
	case errors.Is(why, execute.ErrBytes):
		return c.ResponseTooLong()
	case errors.Is(why, execute.ErrLoaded):
		return c.refuse(violation{limit: limitLoaded, allowed: int(c.loaded), message: fmt.Sprintf("the operation loads more than %d bytes of data", c.loaded)})
	case errors.Is(why, execute.ErrMemory):
		return refusal.From(&fault.Error{Kind: fault.Overloaded})
	}
	return nil
}

// ResponseTooLong returns the refusal of an operation whose response is too long.
func (c *Checker) ResponseTooLong() *refusal.Refusal {
	return c.refuse(violation{limit: limitResponse, allowed: c.Response, message: fmt.Sprintf("the response has more than %d bytes", c.Response)})
}
