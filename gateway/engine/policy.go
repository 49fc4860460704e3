package engine

import (
	"encoding/binary"
	"fmt"

	"tributary/gateway/engine/document"
	"tributary/gateway/engine/limits"
	"tributary/gateway/responsecache"
)

// policy is what one version of the settings permits. It is immutable but for its cache of
// documents, which are those that it permits. An operation has one policy from its beginning
// to its end.
type policy struct {
	number    uint64 // of the policies of an engine, from 0
	limits    *limits.Checker
	documents *document.Store
	version   responsecache.Key // of the schema and the policy, in keys of responses
}

func (e *Engine) newPolicy(cfg Config, trusted *document.Trusted) *policy {
	checker := limits.NewChecker(cfg.Limits, e.metrics.limitHits, e.answers)
	p := &policy{
		limits: checker, version: e.version,
		documents: document.NewStore(
			document.Config{CacheBytes: e.cfg.DocumentsMB << 20, Persisted: e.cfg.Persisted, Suggest: e.cfg.Introspection},
			document.Deps{Schema: e.schema, Gate: e.parsing, Persisted: e.persisted, Metrics: e.metrics.documents, Time: e.metrics.time},
			checker, trusted, document.Mode(cfg.TrustedMode)),
	}
	if before := e.current.Load(); before != nil {
		p.number = before.number + 1
		p.version = p.key(e.version)
	}
	return p
}

// use makes p the policy of operations that begin from now on.
func (e *Engine) use(p *policy) {
	p.documents.Warm(e.log)
	e.current.Store(p)
}

// Trusted returns the trusted documents.
func (e *Engine) Trusted() *document.Trusted { return e.current.Load().documents.Trusted() }

// Prepare returns a function that gives the engine the limits, the trusted documents and the
// mode of cfg, all of them at once; the rest of cfg is ignored. Operations that are under way
// keep those that they have begun with. Limits that do not fit the budgets with which the
// engine was made are an error. Prepare and the function must not be called concurrently.
func (e *Engine) Prepare(cfg Config, trusted *document.Trusted) (apply func(), err error) {
	now, asked := e.current.Load(), cfg.Limits.OrDefault()
	if needed := asked.LargestRequest(); int64(needed) > e.bodies.Largest() {
		return nil, fmt.Errorf("graphql-max-body and graphql-max-values permit requests of %d bytes, more than the memory for requests that the gateway has started with: restart it", needed)
	}
	if needed := int64(asked.ResponseMemory()); needed > e.answers.Size() {
		return nil, fmt.Errorf("graphql-max-response permits answers that take %d bytes, more than the memory for answers that the gateway has started with: restart it", needed)
	}
	if asked == now.limits.Config && document.Mode(cfg.TrustedMode) == now.documents.Mode() && trusted.Equal(now.documents.Trusted()) {
		return func() {}, nil // and what is cached stays
	}
	p := e.newPolicy(cfg, trusted)
	return func() { e.use(p) }, nil
}

// key returns the key of a request by its fingerprint: a response that was made under one
// policy is not found under another.
func (p *policy) key(fingerprint responsecache.Key) responsecache.Key {
	if p.number == 0 {
		return fingerprint
	}
	return responsecache.NewKey("policy", binary.BigEndian.AppendUint64(fingerprint[:], p.number))
}
