package graphqlserver

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/fault"
	"tributary/gateway/internal/digest"
	"tributary/gateway/report"
	"tributary/gateway/telemetry"
	"tributary/gateway/tracing"
)

// otherName is the label of all operations that are not registered: names chosen by
// clients must not become labels.
const otherName = "other"

// unknownKind is the type of an operation that was not found.
const unknownKind = "unknown"

// operation has the labels by which metrics distinguish operations.
type operation struct{ name, kind, outcome string }

type operationSeries struct {
	count    prometheus.Counter
	duration prometheus.Observer
}

func newOperations(reg prometheus.Registerer) *telemetry.Memo[operation, operationSeries] {
	count := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "graphql_operations_total",
		Help: "Operations by name (other unless known beforehand), type and outcome: complete, partial (data with errors), refused (not executed, as a mutation all of whose fields were refused) or canceled (its client disconnected).",
	}, []string{"operation", "type", "outcome"})
	duration := prometheus.NewHistogramVec(telemetry.Durations("graphql_operation_duration_seconds",
		"How long operations took, by name (other unless known beforehand) and type."), []string{"operation", "type"})
	reg.MustRegister(count, duration)
	return telemetry.NewMemo(func(o operation) operationSeries {
		return operationSeries{count.WithLabelValues(o.name, o.kind, o.outcome), duration.WithLabelValues(o.name, o.kind)}
	})
}

// The phases of an operation, as metrics name them. The first two are those of
// documents that are new.
const (
	phaseParse    = "parse"
	phaseValidate = "validate"
	phaseExecute  = "execute"
)

func newPhases(reg prometheus.Registerer) map[string]prometheus.Observer {
	durations := prometheus.NewHistogramVec(telemetry.Durations("graphql_phase_duration_seconds",
		"How long documents took to parse and to validate, and operations to execute."), []string{"phase"})
	reg.MustRegister(durations)
	phases := map[string]prometheus.Observer{}
	for _, phase := range []string{phaseParse, phaseValidate, phaseExecute} {
		phases[phase] = durations.WithLabelValues(phase)
	}
	return phases
}

// time measures a phase until the returned function is called.
func (m *metrics) time(phase string) func() {
	start := time.Now()
	return func() { m.phases[phase].Observe(time.Since(start).Seconds()) }
}

// observe records the outcome of an operation in its span, which it ends, in the
// metrics, and for the request log.
func (s *Server) observe(ctx context.Context, span tracing.Span, o operation, line report.Operation, r *Result, took time.Duration) {
	if o.kind != unknownKind {
		span.Rename(o.kind)
		span.String(tracing.OperationType, o.kind)
	}
	if o.name != otherName {
		span.String(tracing.OperationName, o.name)
	}
	if r.Data == nil && !r.Canceled() {
		span.Fail(r.refused.Reason())
	}
	span.End()
	s.measure(ctx, o, line, r, took)
}

// fromResponses is the outcome of operations served from the response cache.
const fromResponses = "response"

// observeRefused is observe for operations refused before their document was known.
func (s *Server) observeRefused(ctx context.Context, req Request, r *Result) *Result {
	s.measure(ctx, operationOf(nil, r), lineOf(ctx, req, nil, r), r, 0)
	return r
}

func (s *Server) measure(ctx context.Context, o operation, line report.Operation, r *Result, took time.Duration) {
	series := s.metrics.operations.Get(o)
	series.count.Inc()
	if o.kind != string(ast.Subscription) { // that takes as long as its client likes
		telemetry.Observe(ctx, series.duration, took)
	}
	report.RequestOf(ctx).Ran(line, r.Summary)
}

// lineOf returns what the request log says of an operation; q is nil if it was not found.
// Other than a label, it may have a name that the client chose.
func lineOf(ctx context.Context, req Request, q *query, r *Result) report.Operation {
	line := report.Operation{Errors: len(r.Errors)}
	if q != nil {
		line.Name, line.Document = logged(q.selected.Name), q.doc.hash.Short()
	} else {
		if isName(req.OperationName) { // it may be any text
			line.Name = logged(req.OperationName)
		}
		if req.Query != "" {
			line.Document = digest.Of(req.Query).Short()
		}
	}
	if len(r.Errors) > 0 {
		line.Code, _ = r.Errors[0].Extensions["code"].(string)
		line.Errors = max(line.Errors, report.From(ctx).FailureCount())
	}
	return line
}

// isName reports whether text is a name (GraphQL, section 2.1.9), apart from its first
// character.
func isName(text string) bool {
	for _, c := range []byte(text) {
		if c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}

// operationOf returns the labels of an operation; q is nil if it was not found.
func operationOf(q *query, r *Result) operation {
	if q == nil {
		return operation{otherName, unknownKind, r.outcome()}
	}
	return operation{q.registeredName(), string(q.selected.Operation), r.outcome()}
}

// registeredName is the name of the operation if its document is registered, and
// "other" if not.
func (q *query) registeredName() string {
	if q.doc.registered && q.selected.Name != "" {
		return q.selected.Name
	}
	return otherName
}

func (r *Result) outcome() string {
	switch {
	case r.Canceled():
		return "canceled"
	case r.Data == nil, r.refusedByRules():
		return "refused"
	case len(r.Errors) > 0:
		return "partial"
	}
	return "complete"
}

// refusedByRules reports whether r is of a mutation of which nothing was executed, because its
// input, its viewer or the state of things does not permit it. Nothing has failed then.
func (r *Result) refusedByRules() bool {
	if r.writes != fault.NotExecuted || len(r.Errors) == 0 {
		return false
	}
	for _, err := range r.Errors {
		switch err.Extensions["code"] {
		case fault.Rejected.Code(), fault.BadUserInput.Code(), fault.Unauthenticated.Code(), fault.Forbidden.Code():
		default:
			return false
		}
	}
	return true
}
