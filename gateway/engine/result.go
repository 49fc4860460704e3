package engine

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/engine/refusal"
	"tributary/gateway/execute"
	"tributary/gateway/fault"
	"tributary/gateway/lookahead"
	"tributary/gateway/report"
	"tributary/gateway/waterfall"
)

// Result is the result of a request. A request that was refused has errors and no data.
type Result struct {
	Data    []byte // JSON; nil when the operation was not executed
	Errors  gqlerror.List
	Omitted int              // number of errors that are not in Errors
	Refused *refusal.Refusal // why the operation was not executed; nil if it was

	Summary report.Summary   // where the data came from
	Made    time.Time        // when it was put together
	Took    time.Duration    // how long that took
	Trace   *waterfall.Trace // how the operation was executed, if the request asked for that
	Cost    *lookahead.Cost  // in upstream calls, if the request asked for that
	Seen    string           // of a mutation: what the client brings with later requests; "" if nothing was purged
	Writes  fault.Outcome    // of a mutation: unknown if a write of it may have been executed
	Sent    bool             // the client has got it, in parts or event by event

	tellsSeen bool            // Seen is told in the extensions
	document  []byte          // Data with the opening of a response before it and room for its closing behind; nil if there is none
	ruled     bool            // it was made by rules of access
	stored    bool            // it was stored in the response cache for this request
	cached    *cachedResponse // what it has in common with those who get the same one; nil if it is the only one
}

// Refused returns the result of a request that is not executed, nil for nil.
func Refused(why *refusal.Refusal) *Result {
	if why == nil {
		return nil
	}
	r := &Result{Errors: why.Errors, Omitted: why.Omitted, Refused: why}
	if why.Kind == fault.Timeout {
		r.Data = []byte("null")
	}
	return r
}

// Overload returns why the operation was rejected if too many are under way: of all clients
// ([fault.Overloaded]), or of its own ([fault.Throttled]). It may be retried after a moment. It
// is nil for a mutation that was stopped after a write, because proxies repeat what is answered so.
func (r *Result) Overload() *fault.Error {
	if r.shed() && r.Writes != fault.OutcomeUnknown {
		return &fault.Error{Kind: r.Refused.Kind}
	}
	return nil
}

// StoppedAfterWrite reports whether a mutation was stopped for lack of room after a write that
// may have been executed.
func (r *Result) StoppedAfterWrite() bool { return r.shed() && r.Writes == fault.OutcomeUnknown }

func (r *Result) shed() bool { return r.refusedFor(fault.Overloaded) || r.refusedFor(fault.Throttled) }

// TooComplex reports whether the operation was refused because it exceeds a limit, as one
// does whose response is too long.
func (r *Result) TooComplex() bool { return r.refusedFor(fault.TooComplex) }

// Canceled reports whether the operation was abandoned because its client
// disconnected.
func (r *Result) Canceled() bool { return r.refusedFor(fault.Canceled) }

func (r *Result) refusedFor(kind fault.Kind) bool {
	return r.Data == nil && r.Refused != nil && r.Refused.Kind == kind
}

// VariesByViewer reports whether another viewer may get another response. It then belongs into
// no shared cache, and needs Vary: Authorization.
func (r *Result) VariesByViewer() bool { return r.ruled || r.Summary.Personal }

// Refusal returns the error of the first field that the viewer may not see, nil if there is
// none. A REST endpoint answers with it alone.
func (r *Result) Refusal() *fault.Error {
	for _, err := range r.Errors {
		for _, kind := range []fault.Kind{fault.Unauthenticated, fault.Forbidden} {
			if err.Extensions["code"] == kind.Code() {
				return &fault.Error{Kind: kind, Message: err.Message}
			}
		}
	}
	return nil
}

// WithSeen returns a copy of the result of a mutation that has Seen in its extensions, for
// transports without response headers.
func (r *Result) WithSeen() *Result {
	if r.Seen == "" {
		return r
	}
	with := *r
	with.tellsSeen = true
	return &with
}

// Extensions are those of a response, or of a part of one.
type Extensions struct {
	Degraded []report.DegradedPart `json:"degraded,omitempty"`
	Omitted  int                   `json:"errorsOmitted,omitempty"`
	Trace    *waterfall.Trace      `json:"trace,omitempty"`
	Cost     *lookahead.Cost       `json:"cost,omitempty"`
	Seen     string                `json:"seen,omitempty"`
}

// Chunks are a text in several slices, so that a long response is not copied to put it
// together.
type Chunks [][]byte

// Size returns the length of the text, in bytes.
func (c Chunks) Size() (n int) {
	for _, chunk := range c {
		n += len(chunk)
	}
	return n
}

// Write writes the text to w.
func (c Chunks) Write(w io.Writer) (err error) {
	for _, chunk := range c {
		if len(chunk) > 0 && err == nil {
			_, err = w.Write(chunk)
		}
	}
	return err
}

// Line returns c without the line feed at its end.
func (c Chunks) Line() Chunks {
	last := len(c) - 1
	c[last] = bytes.TrimSuffix(c[last], []byte("\n"))
	return c
}

// Bytes returns the text in one slice.
func (c Chunks) Bytes() []byte {
	if len(c) == 1 {
		return c[0]
	}
	return slices.Concat(c...)
}

// Response returns the result as a GraphQL response in JSON, which ends with a line feed.
func (r *Result) Response() Chunks {
	if r.cached != nil {
		return Chunks{r.cached.body.Bytes()}
	}
	return r.encode()
}

func (r *Result) encode() Chunks {
	about := Extensions{r.Summary.Degraded, r.Omitted, r.Trace, r.Cost, ""}
	if r.tellsSeen {
		about.Seen = r.Seen
	}
	bare := len(about.Degraded) == 0 && about.Omitted == 0 && about.Trace == nil && about.Cost == nil && about.Seen == ""
	if bare && len(r.Errors) == 0 && r.document != nil {
		return Chunks{append(r.document, execute.Closing...)} // there is room for it
	}
	var before, after bytes.Buffer
	switch {
	case len(r.Errors) == 0:
		before.WriteString(execute.Opening)
	case r.Data == nil:
		before.WriteString(`{"errors":`)
		WriteJSON(&before, r.Errors)
	default:
		before.WriteString(`{"errors":`)
		WriteJSON(&before, r.Errors)
		before.WriteString(`,"data":`)
	}
	if !bare {
		after.WriteString(`,"extensions":`)
		WriteJSON(&after, about)
	}
	after.WriteString(execute.Closing)
	return Chunks{before.Bytes(), r.Data, after.Bytes()}
}

// WriteJSON writes a value that always has a JSON encoding, as errors and extensions do.
func WriteJSON(b *bytes.Buffer, v any) {
	j, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	b.Write(j)
}
