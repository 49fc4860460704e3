// Package entitycache caches the responses of upstreams. It serves them while they are fresh,
// and for some time longer while their upstream fails (stale-if-error, RFC 5861).
//
// # Entities
//
// [ReadThrough] decorates a batch.Func with the cache:
//
//	c, err := entitycache.New(cfg, log, registry)
//	load := entitycache.ReadThrough(c, entitycache.Kind{Name: "author", Service: "authors"}, client.Authors)
//
// There are two tiers: memory, and optionally a Redis that all gateways share. Keys are
// looked up in memory, then in Redis, then loaded from the upstream. Unknown keys are
// cached as well, for a time of their own.
//
// Concurrent loads of a key are coalesced within a gateway, and between gateways by
// leases in Redis. Entries in demand are refreshed in the background before they expire.
//
// # Purging
//
// [Cache.Purge] removes entities by tag from all gateways, and with them what is derived
// from them ([Cache.Valid]), such as whole responses. A load that was running during a purge cannot bring a purged value
// back.
//
// # Refusals
//
// An upstream that refuses a request ([fault.Refused]) has not failed, and no stale entry
// is served in its place. If it takes back what it said before ([fault.Revoked]), the
// entry, and what is derived from it, are dropped.
//
// # Failures
//
// A [Cache] fails open: requests continue without a tier that fails. A circuit breaker
// keeps requests away from a Redis that fails or is slow, until a background probe
// succeeds. An entry never appears younger than it is, even if a machine's clock is
// wrong.
package entitycache
