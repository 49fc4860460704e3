package graphqlserver

import (
	"log/slog"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/access"
	"tributary/gateway/admission"
	"tributary/gateway/cache"
	"tributary/gateway/lookahead"
	"tributary/gateway/responsecache"
)

// Server executes operations of one schema. It is safe for concurrent use and
// an [http.Handler] that answers GraphQL over HTTP.
type Server struct {
	exec      *executor.Executor
	plan      *lookahead.Plan
	bodies    *admission.Bodies
	clients   *admission.Clients
	admit     *admission.Gate // of documents that have to be parsed
	validator *validator
	answers   *admission.Budget // of the memory for answers
	run       execution         // of a query that was found; what wraps it is told in New
	responses *Responses
	schema    *ast.Schema
	version   responsecache.Key // of the schema
	rules     access.Rules
	cfg       Config
	log       *slog.Logger
	metrics   *metrics

	current atomic.Pointer[policy] // see Prepare
}

// New returns a server of schema. Plan starts loads ahead of execution, and
// results are cached in responses, unless that is nil.
func New(schema graphql.ExecutableSchema, plan *lookahead.Plan, responses *Responses, cfg Config, log *slog.Logger, reg prometheus.Registerer) *Server {
	s := &Server{
		exec:      executor.New(schema),
		plan:      plan,
		responses: responses,
		schema:    schema.Schema(),
		version:   versionOf(schema.Schema()),
		rules:     access.Of(schema),
		cfg:       cfg, log: log, metrics: newMetrics(reg),
	}
	limits := cfg.Limits.orDefault()
	s.bodies = admission.NewBodies(cfg.Admission, limits.largestRequest(), reg)
	s.admit = admission.NewDocumentGate(cfg.Admission, reg)
	s.validator = newValidator(s.schema, cfg.Introspection)
	s.answers = admission.NewResponses(cfg.Admission, answerMemory*limits.Response, reg)
	s.exec.SetQueryCache(prepared{})
	s.exec.SetErrorPresenter(s.present)
	s.exec.SetRecoverFunc(s.recovered)
	s.exec.AroundResponses(loading(plan))
	s.exec.AroundRootFields(rootField)
	gate := admission.NewGate(cfg.Admission, reg)
	s.clients = admission.NewClients(cfg.Admission, reg)
	s.run = s.writing(s.guarded(s.streaming(wanted(s.cached(limited(s.clients, admitted(gate, inTime(s.execute))))))))
	s.use(s.newPolicy(cfg))
	reg.MustRegister(cache.NewSizes("document", &s.metrics.documentsEvicted,
		func() (uint64, int) { return s.current.Load().documents.known.size() }))
	return s
}
