package admission

import (
	"context"
	"math"
	"sync/atomic"
)

// Lease is the part of a budget that one request or call holds. It must be released. It is
// safe for concurrent use; a nil Lease holds nothing and permits everything.
type Lease struct {
	budget *Budget
	taken  atomic.Int64 // bytes; negative once it was released
}

// released is far below what taking can make up for.
const released = math.MinInt64 / 2

// Lease returns an empty lease.
func (b *Budget) Lease() *Lease { return &Lease{budget: b} }

// Take adds n bytes to the lease, and waits for them if the budget is exhausted. The error
// is a [fault.Overloaded] or the cause of the end of ctx; the lease is unchanged then. Of a
// lease that was released meanwhile it is [context.Canceled].
func (l *Lease) Take(ctx context.Context, n int64) error {
	if l == nil || n <= 0 {
		return nil
	}
	if err := l.budget.acquire(ctx, n); err != nil {
		return err
	}
	if l.taken.Add(n) < 0 {
		l.budget.Release(n)
		return context.Canceled
	}
	return nil
}

// Give gives back n bytes of those that were taken.
func (l *Lease) Give(n int64) {
	if l != nil && n > 0 && l.taken.Add(-n) >= 0 {
		l.budget.Release(n)
	}
}

// Release gives back all that l holds. Nothing can be taken after that.
func (l *Lease) Release() {
	if l == nil {
		return
	}
	if n := l.taken.Swap(released); n > 0 {
		l.budget.Release(n)
	}
}
