package report

import "log/slog"

// Limits of what is kept of the failures of one operation, however many it has.
const (
	maxFailures = 12 // different ones
	maxPanics   = 3
)

// Failure describes the failures of one field of the schema for one reason.
type Failure struct {
	Field   string // as Type.field
	Service string // "" for none
	Code    string
	Level   slog.Level
	Outcome string // of a write; "" for what is none
	Error   string // of the first one
	Count   int
}

// failures are those that have not been taken yet.
type failures struct {
	different []Failure
	others    int // beyond maxFailures different ones
	count     int // ever recorded
	panics    int // ever recorded
}

// Failed records a failure of a field. The error is that of the first failure of its kind.
func (r *Stats) Failed(f Failure, err error) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures.count++
	for i := range r.failures.different {
		have := &r.failures.different[i]
		if have.Field == f.Field && have.Service == f.Service && have.Code == f.Code && have.Outcome == f.Outcome {
			have.Count++
			return
		}
	}
	if len(r.failures.different) == maxFailures {
		r.failures.others++
		return
	}
	f.Error, f.Count = err.Error(), 1
	r.failures.different = append(r.failures.different, f)
}

// TakeFailures returns the failures recorded since it was called last, in the order of
// their first occurrence, and how many further ones there were.
func (r *Stats) TakeFailures() (different []Failure, others int) {
	if r == nil {
		return nil, 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	different, others = r.failures.different, r.failures.others
	r.failures.different, r.failures.others = nil, 0
	return different, others
}

// FailureCount returns how many failures were recorded, taken or not.
func (r *Stats) FailureCount() int {
	if r == nil {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failures.count
}

// Panicked records a panic, and reports whether it is one of the first of its operation,
// whose stacks are logged.
func (r *Stats) Panicked() bool {
	if r == nil {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures.panics++
	return r.failures.panics <= maxPanics
}
