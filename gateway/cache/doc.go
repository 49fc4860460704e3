// Package cache stores what upstreams answered, and serves it while it is fresh, or
// for some time longer while its upstream fails (stale-if-error, RFC 5861).
//
// [Through] decorates a batch.Func. It has two tiers: memory, and optionally a Redis
// that all gateways share. A [Cache] fails open: requests continue without a tier that
// fails.
package cache
