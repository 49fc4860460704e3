package upstream

import "sync"

// reserve is how many retries and hedges a budget pays for before calls have
// paid for any: enough for a quiet service, nothing in an outage.
const reserve = 5

// A budget bounds what retries and hedges add to the load of a service: n calls
// make at most n*(1+rate) attempts, and [reserve] more. It counts over any
// time, and not what is under way at one moment, because an outage at which few
// clients ask would pass a bound of the latter kind.
type budget struct {
	rate   float64
	figure *figures

	mu   sync.Mutex
	left float64
}

func newBudget(rate float64, f *figures) *budget {
	b := &budget{rate: rate, figure: f}
	if rate > 0 {
		b.left = reserve
	}
	f.budget.Set(b.left)
	return b
}

// earn notes a call, which pays for others.
func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.left+b.rate, reserve)
	b.figure.budget.Set(b.left)
}

// spend pays for one attempt more, if there is enough left for it.
func (b *budget) spend() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left < 1 {
		return false
	}
	b.left--
	b.figure.budget.Set(b.left)
	return true
}
