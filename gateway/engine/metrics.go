package engine

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/ast"

	"tributary/gateway/engine/document"
	"tributary/gateway/engine/limits"
	"tributary/gateway/fault"
	"tributary/gateway/internal/digest"
	"tributary/gateway/report"
	"tributary/gateway/telemetry"
	"tributary/gateway/tracing"
)

type metrics struct {
	operations *telemetry.SeriesCache[labels, operationSeries]
	phases     map[string]prometheus.Observer
	panics     prometheus.Counter
	limitHits  *prometheus.CounterVec // by limit
	documents  *document.Metrics
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		operations: newOperations(reg),
		phases:     newPhases(reg),
		limitHits:  limits.NewHits(reg),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "graphql_panics_total", Help: "Panics of resolvers, loaders and policies; each failed the fields that waited for it."}),
		documents: document.NewMetrics(reg),
	}
	reg.MustRegister(m.panics)
	return m
}

// otherName is the label of all operations that are not registered: names chosen by
// clients must not become labels.
const otherName = "other"

// unknownKind is the type of an operation that was not found.
const unknownKind = "unknown"

// labels are those by which metrics distinguish operations.
type labels struct{ name, kind, outcome string }

type operationSeries struct {
	count    prometheus.Counter
	duration prometheus.Observer
}

func newOperations(reg prometheus.Registerer) *telemetry.SeriesCache[labels, operationSeries] {
	count := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "graphql_operations_total",
		Help: "Operations by name (other unless known beforehand), type and outcome: complete, partial (data with errors), refused (not executed, as a mutation all of whose fields were refused) or canceled (its client disconnected).",
	}, []string{"operation", "type", "outcome"})
	duration := prometheus.NewHistogramVec(telemetry.Durations("graphql_operation_duration_seconds",
		"How long operations took, by name (other unless known beforehand) and type."), []string{"operation", "type"})
	reg.MustRegister(count, duration)
	return telemetry.NewSeriesCache(func(o labels) operationSeries {
		return operationSeries{count.WithLabelValues(o.name, o.kind, o.outcome), duration.WithLabelValues(o.name, o.kind)}
	})
}

// The phases of an operation, as metrics name them. The first two are those of
// documents that are new.
const (
	phaseParse    = document.PhaseParse
	phaseValidate = document.PhaseValidate
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

// observe records each operation: in its span, in the metrics and for the request log.
func (e *Engine) observe(next handler) handler {
	return func(ctx context.Context, op *operation) *Result {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		ctx, span := tracing.Start(ctx, tracing.Operation, "operation")
		ctx, _ = report.With(ctx)
		start := time.Now()
		result := next(ctx, op)
		labels := labelsOf(op, result)
		endSpan(span, labels, result)
		e.record(ctx, labels, lineOf(ctx, op, result), result, time.Since(start))
		return result
	}
}

// fromResponses is the outcome of operations served from the response cache.
const fromResponses = "response"

// endSpan ends the span of an operation.
func endSpan(span tracing.Span, o labels, r *Result) {
	if o.kind != unknownKind {
		span.Rename(o.kind)
		span.String(tracing.OperationType, o.kind)
	}
	if o.name != otherName {
		span.String(tracing.OperationName, o.name)
	}
	if r.Data == nil && !r.Canceled() {
		span.SetError(r.Refused.Kind.Reason())
	}
	span.End()
}

// record adds an operation to the metrics and to the request log.
func (e *Engine) record(ctx context.Context, o labels, line report.Operation, r *Result, took time.Duration) {
	series := e.metrics.operations.Get(o)
	series.count.Inc()
	if o.kind != string(ast.Subscription) { // that takes as long as its client likes
		telemetry.Observe(ctx, series.duration, took)
	}
	report.RequestFrom(ctx).AddOperation(line, r.Summary)
}

// lineOf returns what the request log says of an operation. Other than a label, it may have a
// name that the client chose.
func lineOf(ctx context.Context, op *operation, r *Result) report.Operation {
	line := report.Operation{Errors: len(r.Errors)}
	if op.found {
		line.Name, line.Document = logged(op.definition.Name), op.document.Hash.Short()
	} else {
		if isName(op.OperationName) { // it may be any text
			line.Name = logged(op.OperationName)
		}
		if op.Query != "" {
			line.Document = digest.Of(op.Query).Short()
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

// labelsOf returns the labels of an operation. Its name is a label only if the gateway knew
// its document beforehand.
func labelsOf(op *operation, r *Result) labels {
	if !op.found {
		return labels{otherName, unknownKind, r.outcome()}
	}
	o := labels{otherName, string(op.definition.Operation), r.outcome()}
	if op.document.Known && op.definition.Name != "" {
		o.name = op.definition.Name
	}
	return o
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
	if r.Writes != fault.NotExecuted || len(r.Errors) == 0 {
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
