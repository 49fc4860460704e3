package execute

import (
	"context"
	"sync"
)

// Memory is the memory of all answers in flight, and of what was loaded for them. It is safe for concurrent use.
type Memory struct {
	budget Semaphore
	most   int64     // bytes that one operation may acquire; 0: no limit
	spare  sync.Pool // of *[]byte, of at most spareCapacity bytes
}

// A Semaphore bounds the memory, in bytes.
type Semaphore interface {
	TryAcquire(bytes int64) bool
	Release(bytes int64)
}

// NewMemory returns a memory that is bounded by budget, and of which one operation may have
// at most so many bytes; 0 is no limit.
func NewMemory(budget Semaphore, most int64) *Memory { return &Memory{budget: budget, most: most} }

const (
	// smallAnswer is the memory in bytes that an operation takes without asking, so that
	// small answers are served in any case. The limit of concurrent operations bounds it.
	smallAnswer = 64 << 10
	// portion is the memory in bytes that is taken from the budget at a time.
	portion = 64 << 10
	// spareCapacity is the capacity in bytes up to which buffers are reused. Growing a
	// new one allocates about as much again as the answer takes.
	spareCapacity = 64 << 10
)

func (m *Memory) get() []byte {
	if b, ok := m.spare.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

func (m *Memory) put(b []byte) {
	if cap(b) <= spareCapacity {
		m.spare.Put(&b)
	}
}

// Hold implements [batch.Holder]: it counts what was loaded for the operation.
func (m *Meter) Hold(n int) error {
	m.hold(n)
	return m.Stopped()
}

// hold adds n bytes to those that the operation holds; n may be negative. It stops the
// operation if the budget does not have them.
func (m *Meter) hold(n int) {
	if m.held.Add(int64(n))-m.acquired.Load() <= smallAnswer {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	missing := m.held.Load() - m.acquired.Load() - smallAnswer
	if missing <= 0 || m.returned || m.IsStopped() {
		return
	}
	missing = (missing + portion - 1) / portion * portion
	if m.memory.most > 0 && m.acquired.Load()+missing > m.memory.most {
		m.stop(ErrLoaded)
		return
	}
	if !m.memory.budget.TryAcquire(missing) {
		m.stop(ErrMemory)
		return
	}
	if m.acquired.Add(missing) > missing {
		return
	}
	until := m.until
	if until == nil {
		until = m.Context
	}
	context.AfterFunc(until, m.giveBack)
}

// giveBack returns to the budget what was taken from it.
func (m *Meter) giveBack() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.returned = true
	m.memory.budget.Release(m.acquired.Load())
}
