// Package cache puts aside what upstreams answered and gives it out again
// while it is fresh, or a while longer when its upstream fails.
//
// [Through] decorates a batch.Func. Behind it stand two stores, each of which
// may be missing: memory, and a Redis that all gateways share. A [Cache] fails
// open: a store that fails is gone on without.
package cache
