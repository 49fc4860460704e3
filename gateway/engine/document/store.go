package document

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/admission"
	"tributary/gateway/engine/limits"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/fault"
	"tributary/gateway/internal/digest"
)

// The phases of a document that is new, as [Deps.Time] names them.
const (
	PhaseParse    = "parse"
	PhaseValidate = "validate"
)

// Config has the settings of documents that do not change while the gateway runs.
type Config struct {
	CacheBytes int  // maximum size of the documents that a store caches
	Persisted  bool // support automatic persisted queries
	Suggest    bool // name what the schema has in errors of validation
}

// Deps has what stores share.
type Deps struct {
	Schema    *ast.Schema
	Gate      *admission.Limiter // of documents that have to be parsed
	Persisted PersistedStore     // of all gateways; nil: there is none
	Metrics   *Metrics
	Time      func(phase string) (done func()) // times a phase
}

// Store finds, parses and validates documents under one version of the limits and the
// trusted documents, and caches the valid ones. It is safe for concurrent use.
type Store struct {
	cfg       Config
	deps      Deps
	limits    *limits.Checker
	trusted   *Trusted
	mode      Mode
	validator *validator
	cache     *cache
	known     map[digest.Sum]bool // hashes of trusted documents
}

// NewStore returns a store without documents.
func NewStore(cfg Config, deps Deps, checker *limits.Checker, trusted *Trusted, mode Mode) *Store {
	s := &Store{
		cfg: cfg, deps: deps, limits: checker, trusted: trusted, mode: mode,
		validator: newValidator(deps.Schema, cfg.Suggest),
		cache:     newCache(cfg.CacheBytes, &deps.Metrics.evicted),
		known:     map[digest.Sum]bool{},
	}
	trusted.Each(func(_, text string) { s.known[digest.Of(text)] = true })
	return s
}

// Trusted returns the trusted documents of the store, and Mode what it does about others.
func (s *Store) Trusted() *Trusted { return s.trusted }

// Mode returns what the store does about documents that are not trusted.
func (s *Store) Mode() Mode { return s.mode }

// Size returns the sum of the sizes of the cached documents, and their number.
func (s *Store) Size() (bytes uint64, entries int) { return s.cache.size() }

// Warm caches the trusted documents before the first request, and logs those that would be
// refused. Under load some may be left for later.
func (s *Store) Warm(log *slog.Logger) {
	s.trusted.Each(func(id, text string) {
		if _, _, refused := s.Load(context.Background(), text); refused != nil && refused.Kind != fault.Overloaded {
			log.Warn("trusted document is invalid", "id", id, "error", refused.Errors.Error())
		}
	})
}

// Load returns the document of a text, and whether it had to be parsed for that. The text is
// parsed and validated when the gate for that admits it, unless it is cached.
func (s *Store) Load(ctx context.Context, text string) (doc *Document, isNew bool, refused *refusal.Refusal) {
	sum := digest.Of(text)
	if doc, ok := s.cache.get(sum); ok {
		return doc, false, nil
	}
	leave, err := s.deps.Gate.Acquire(ctx)
	if err != nil {
		return nil, true, refusal.NotAdmitted(err)
	}
	defer leave()
	if doc, ok := s.cache.get(sum); ok { // another request has loaded it meanwhile
		return doc, false, nil
	}
	text = strings.Clone(text) // it may be a part of a longer one, such as a URL
	parsed, refused := s.parse(ctx, text)
	if refused != nil {
		return nil, true, refused
	}
	if refused := s.validate(ctx, parsed); refused != nil {
		return nil, true, refused
	}
	doc = newDocument(parsed, sum, text, s.known[sum])
	s.cache.add(doc)
	return doc, true, nil
}

// Metrics are the metrics of all stores of a server.
type Metrics struct {
	loads     *prometheus.CounterVec // by outcome
	persisted *prometheus.CounterVec // by outcome
	untrusted prometheus.Counter
	evicted   atomic.Uint64 // documents dropped from caches to make room
}

// NewMetrics registers the metrics of documents.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		loads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "graphql_documents_total",
			Help: "Documents of requests not served from the response cache, by outcome: remembered (cached) or parsed.",
		}, []string{"outcome"}),
		persisted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "graphql_persisted_documents_total",
			Help: "Requests for a persisted document not served from the response cache, by outcome: found, not_found or stored (the request had its text).",
		}, []string{"outcome"}),
		untrusted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "graphql_untrusted_documents_total", Help: "Requests with a document that is not trusted, in the modes log and enforce."}),
	}
	reg.MustRegister(m.loads, m.persisted, m.untrusted)
	for _, outcome := range []string{persistedFound, persistedNotFound, persistedStored} {
		m.persisted.WithLabelValues(outcome)
	}
	return m
}

// Evicted returns the number of documents dropped from caches to make room.
func (m *Metrics) Evicted() *atomic.Uint64 { return &m.evicted }

// CountLoad counts a document that a request has loaded, and whether it had to be parsed.
func (m *Metrics) CountLoad(isNew bool) {
	outcome := "remembered"
	if isNew {
		outcome = "parsed"
	}
	m.loads.WithLabelValues(outcome).Inc()
}
