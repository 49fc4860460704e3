package graphqlserver

import (
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/access"
	"tributary/gateway/admission"
	"tributary/gateway/cache"
	"tributary/gateway/execute"
	"tributary/gateway/lookahead"
)

// Server executes operations of one schema. It is safe for concurrent use and
// an [http.Handler] that answers GraphQL over HTTP.
type Server struct {
	exec      *executor.Executor
	plan      *lookahead.Plan
	limits    *limiter
	bodies    *admission.Bodies
	documents *documents
	memory    *execute.Memory
	run       execution // of a query that was found; what wraps it is told in New
	responses *Responses
	version   cache.Key // of the schema
	rules     access.Rules
	cfg       Config
	log       *slog.Logger
	metrics   *metrics
}

// New returns a server of schema. Plan starts loads ahead of execution, and
// results are cached in responses, unless that is nil.
func New(schema graphql.ExecutableSchema, plan *lookahead.Plan, responses *Responses, cfg Config, log *slog.Logger, reg prometheus.Registerer) *Server {
	s := &Server{
		exec:      executor.New(schema),
		plan:      plan,
		limits:    newLimiter(cfg.Limits, reg),
		responses: responses,
		version:   versionOf(schema.Schema()),
		rules:     access.Of(schema),
		cfg:       cfg, log: log, metrics: newMetrics(reg),
	}
	s.bodies = admission.NewBodies(cfg.Admission, s.limits.largestRequest(), reg)
	s.documents = newDocuments(schema.Schema(), cfg, s.limits, s.metrics.time, reg)
	memory := admission.NewResponses(cfg.Admission, answerMemory*s.limits.Response, reg)
	s.limits.loaded = max(memory.Size()/2, int64(answerMemory*s.limits.Response))
	s.memory = execute.NewMemory(memory, s.limits.loaded)
	s.exec.SetQueryCache(prepared{})
	s.exec.SetErrorPresenter(s.present)
	s.exec.SetRecoverFunc(s.recovered)
	s.exec.AroundResponses(loading(plan))
	s.exec.AroundRootFields(rootField)
	gate := admission.NewGate(cfg.Admission, reg)
	s.run = writing(s.guarded(s.streaming(wanted(s.cached(admitted(gate, inTime(s.execute)))))))
	s.checkTrusted()
	return s
}
