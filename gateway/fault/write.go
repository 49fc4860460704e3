package fault

import "encoding/json"

// Outcome says of a write that failed whether the service executed it.
type Outcome string

// The outcomes of a write that failed.
const (
	NotExecuted    Outcome = "not_executed" // it may be made again, with another key too
	OutcomeUnknown Outcome = "unknown"      // to make it again may execute it twice, unless with the same key
)

// OutcomeOf returns the outcome of a write with this error: unknown, unless the error says
// that it was not executed.
func OutcomeOf(err error) Outcome {
	if f := From(err); f.Outcome != "" {
		return f.Outcome
	}
	return OutcomeUnknown
}

// Problem is the part of a service's reason to reject a write that clients see (RFC 9457).
type Problem struct {
	Status int             `json:"status"`
	Title  string          `json:"title,omitempty"`
	Detail string          `json:"detail,omitempty"`
	Errors json.RawMessage `json:"errors,omitempty"` // as the service wrote it: a list or an object
}
