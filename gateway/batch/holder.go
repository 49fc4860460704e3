package batch

import "context"

// A Holder bounds the memory of what is loaded for an operation. It is safe for concurrent
// use.
type Holder interface {
	// Hold counts n bytes more that the operation holds until it ends. It fails if the
	// operation may hold no more, which ends it.
	Hold(n int) error
}

type holderKey struct{}

// IsHolderKey reports whether key is that of the [Holder] in a context. It is for contexts
// that are one.
func IsHolderKey(key any) bool { return key == holderKey{} }

// HolderOf returns the holder of ctx, or nil.
func HolderOf(ctx context.Context) Holder {
	h, _ := ctx.Value(holderKey{}).(Holder)
	return h
}
