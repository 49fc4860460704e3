package graphqlserver

import (
	"encoding/binary"
	"fmt"

	"tributary/gateway/execute"
	"tributary/gateway/internal/digest"
	"tributary/gateway/responsecache"
	"tributary/gateway/trusted"
)

// policy is what one version of the settings permits. It is immutable but for its cache of
// documents, which are those that it permits. An operation has one policy from its beginning
// to its end.
type policy struct {
	number    uint64 // of the policies of a server, from 0
	limits    *limiter
	memory    *execute.Memory
	documents *documents
	trusted   *trusted.Documents
	mode      string            // for documents that are not trusted
	version   responsecache.Key // of the schema and the policy, in keys of responses
}

func (s *Server) newPolicy(cfg Config) *policy {
	limits := &limiter{Limits: cfg.Limits.orDefault(), hits: s.metrics.limitHits}
	limits.loaded = max(s.answers.Size()/2, int64(answerMemory*limits.Response))
	registered := map[digest.Sum]bool{} // documents known beforehand, whose operation names may become labels
	cfg.Trusted.Each(func(_, text string) { registered[digest.Of(text)] = true })
	p := &policy{
		limits: limits, trusted: cfg.Trusted, mode: cfg.TrustedMode, version: s.version,
		memory: execute.NewMemory(s.answers, limits.loaded),
		documents: &documents{
			gate: s.admit, validator: s.validator, limits: limits, time: s.metrics.time, registered: registered,
			known: newDocumentCache(s.cfg.DocumentsMB<<20, &s.metrics.documentsEvicted),
		},
	}
	if before := s.current.Load(); before != nil {
		p.number = before.number + 1
		p.version = p.key(s.version)
	}
	return p
}

// use makes p the policy of operations that begin from now on.
func (s *Server) use(p *policy) {
	s.checkTrusted(p)
	s.current.Store(p)
}

// Trusted returns the trusted documents.
func (s *Server) Trusted() *trusted.Documents { return s.current.Load().trusted }

// Prepare returns a function that gives the server the limits, the trusted documents and the
// mode of cfg, all of them at once; the rest of cfg is ignored. Operations that are under way
// keep those that they have begun with. Limits that do not fit the budgets with which the
// server was made are an error. Prepare and the function must not be called concurrently.
func (s *Server) Prepare(cfg Config) (apply func(), err error) {
	limits := cfg.Limits.orDefault()
	if needed := limits.largestRequest(); int64(needed) > s.bodies.Largest() {
		return nil, fmt.Errorf("graphql-max-body and graphql-max-values permit requests of %d bytes, more than the memory for requests that the gateway has started with: restart it", needed)
	}
	if needed := int64(answerMemory * limits.Response); needed > s.answers.Size() {
		return nil, fmt.Errorf("graphql-max-response permits answers that take %d bytes, more than the memory for answers that the gateway has started with: restart it", needed)
	}
	now := s.current.Load()
	if limits == now.limits.Limits && cfg.TrustedMode == now.mode && cfg.Trusted.Equal(now.trusted) {
		return func() {}, nil // and what is cached stays
	}
	p := s.newPolicy(cfg)
	return func() { s.use(p) }, nil
}

// key returns the key of a request by its fingerprint: a response that was made under one
// policy is not found under another.
func (p *policy) key(fingerprint responsecache.Key) responsecache.Key {
	if p.number == 0 {
		return fingerprint
	}
	return responsecache.NewKey("policy", binary.BigEndian.AppendUint64(fingerprint[:], p.number))
}
