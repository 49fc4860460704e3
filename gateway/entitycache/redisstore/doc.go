// Package redisstore keeps the entries of the entity cache in a Redis that gateways share,
// and tells them of each other's purges. It knows records, not what they are encoded from.
//
// A [Store] has two paths:
//
//	Get, Set, Delete, leases ─▶ breaker ─▶ lanes ─▶ data connections
//	Purge, Listen, probes ────────────────────────▶ control connections
//
// Requests take the first one. It costs a request 100 ms at most: commands of concurrent
// callers share round trips (lanes.go), and a circuit breaker keeps requests away from a Redis
// that fails or is slow until a background probe has succeeded (breaker.go).
//
// Purges take the second one. They begin generations in a table (table.go) that each gateway
// has a copy of, by messages and by polling (purges.go). Records of another generation are
// neither read nor written. A client that has seen a purge brings a [Mark] of it, and the
// gateway that it asks follows to that purge (follow.go).
package redisstore
