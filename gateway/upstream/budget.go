package upstream

import "sync"

// reserve is the initial and the maximum balance of a budget, in attempts: enough for a
// service with little traffic, negligible in an outage.
const reserve = 5

// A budget bounds the load that retries and hedges add to a service: n calls make at
// most n*(1+rate) attempts, plus [reserve]. It counts calls over time, not those in
// flight, because a limit on those would not bind in an outage with little traffic.
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

// earn credits the budget for one call.
func (b *budget) earn() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.left+b.rate, reserve)
	b.figure.budget.Set(b.left)
}

// spend debits one extra attempt and reports whether the balance allowed it.
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
