package lookahead

import "math/bits"

const wordBits = 64

// A set is a set of loaders, by their number in the plan. It is a value: methods return a
// new set and leave theirs as it is. Sets of the first 64 loaders need no memory of their own.
type set struct {
	low  uint64
	high []uint64 // of loaders from 64 on
}

func (s set) empty() bool { return s.low == 0 && len(s.high) == 0 }

// with returns s with a loader.
func (s set) with(i int) set {
	if i < wordBits {
		s.low |= 1 << i
		return s
	}
	high := make([]uint64, i/wordBits)
	high[len(high)-1] = 1 << (i % wordBits)
	return s.union(set{high: high})
}

// union returns the loaders of s and of t.
func (s set) union(t set) set {
	s.low |= t.low
	switch {
	case len(t.high) == 0:
		return s
	case len(s.high) == 0:
		s.high = t.high
		return s
	}
	high := make([]uint64, max(len(s.high), len(t.high)))
	copy(high, s.high)
	for i, word := range t.high {
		high[i] |= word
	}
	s.high = high
	return s
}

// each calls f with the number of every loader in s, in order.
func (s set) each(f func(i int)) {
	eachBit(s.low, 0, f)
	for i, word := range s.high {
		eachBit(word, (i+1)*wordBits, f)
	}
}

func eachBit(word uint64, from int, f func(i int)) {
	for ; word != 0; word &= word - 1 {
		f(from + bits.TrailingZeros64(word))
	}
}
