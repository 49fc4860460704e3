// Package responsecache caches whole responses, in memory only. It has all that concerns the
// caching of responses: what the schema permits (policy.go), under which key a response is found
// (key.go), the store with lifetimes and refreshes (cache.go, entry.go), and what caches between
// the gateway and its clients are told (headers.go).
//
// A response is built from entities of the entity cache ([entitycache.Cache]), which are its
// dependencies. It is fresh until the first of them expires, and it becomes invalid when one
// of them is purged or revoked. A response that is requested in the last part of its life is
// refreshed in the background.
//
// The border to the entity cache: this package knows responses, their keys and lifetimes;
// the entity cache knows generations, revocations, variants and what a client has seen, and
// runs background refreshes, of which there is one limit for both.
package responsecache
