package graphqlserver

import (
	"context"
	"errors"
	"fmt"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/execute"
	"tributary/gateway/fault"
)

// maxErrors is the maximum number of errors in an answer. The others are counted in
// extensions.errorsOmitted.
const maxErrors = 100

// answerMemory is how many times the size of an answer its making may take, in bytes: the
// answer itself, and the parts of which it is put together.
const answerMemory = 3

// metered returns the context in which an operation is executed within the limits of an
// answer. The memory of the answer counts until the context until ends, or, if that is
// nil, until the operation has ended.
func (p *policy) metered(ctx, until context.Context) *execute.Meter {
	return execute.NewMeter(ctx, until, execute.Limits{
		Fields: p.limits.Fields,
		Bytes:  max(1, p.limits.Response-len(execute.Opening)-len(execute.Closing)),
		Errors: maxErrors,
	}, p.memory)
}

// stopped returns the result of an operation that a meter has stopped for a reason.
func (p *policy) stopped(why error) *Result {
	switch {
	case errors.Is(why, execute.ErrFields):
		return p.limits.refuse(excess{limit: limitFields, allowed: p.limits.Fields, message: fmt.Sprintf("the response has more than %d fields", p.limits.Fields)})
	case errors.Is(why, execute.ErrBytes):
		return p.limits.refuseAnswer()
	case errors.Is(why, execute.ErrLoaded):
		return p.limits.refuse(excess{limit: limitLoaded, allowed: int(p.limits.loaded), message: fmt.Sprintf("the operation loads more than %d bytes of data", p.limits.loaded)})
	case errors.Is(why, execute.ErrMemory):
		return refuse(fault.Overloaded, gqlerror.List{{Message: (&fault.Error{Kind: fault.Overloaded}).Public()}})
	}
	return outOfTime()
}

// TooComplex reports whether the operation was refused because it exceeds a limit, as one
// does whose answer is too long.
func (r *Result) TooComplex() bool { return r.Data == nil && r.refused == fault.TooComplex }

// tooLong reports whether the response to a completed operation is too long. A meter looks
// at the data alone, and only if the code of the schema was rewritten by cmd/trib/internal/lean.
func (l *limiter) tooLong(r *Result) bool { return encoded(r).size() > l.Response }

// refuseAnswer returns the result of an operation whose answer is too long.
func (l *limiter) refuseAnswer() *Result {
	return l.refuse(excess{limit: limitResponse, allowed: l.Response, message: fmt.Sprintf("the response has more than %d bytes", l.Response)})
}
