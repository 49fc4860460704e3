package graphqlserver

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/telemetry"
)

type metrics struct {
	operations *telemetry.Memo[operation, operationSeries]
	phases     map[string]prometheus.Observer
	panics     prometheus.Counter
	limitHits  *prometheus.CounterVec // by limit
	documents  *prometheus.CounterVec // by outcome
	persisted  *prometheus.CounterVec // by outcome
	untrusted  prometheus.Counter

	documentsEvicted atomic.Uint64 // from the cache of documents
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		operations: newOperations(reg),
		phases:     newPhases(reg),
		limitHits:  newLimitHits(reg),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "graphql_panics_total", Help: "Panics of resolvers, loaders and policies; each failed the fields that waited for it."}),
		documents: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "graphql_documents_total",
			Help: "Documents of requests not served from the response cache, by outcome: cached or parsed.",
		}, []string{"outcome"}),
		persisted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "graphql_persisted_documents_total",
			Help: "Requests for a persisted document not served from the response cache, by outcome: found, not_found or stored (the request had its text).",
		}, []string{"outcome"}),
		untrusted: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "graphql_untrusted_documents_total", Help: "Requests with a document that is not trusted, in the modes log and enforce."}),
	}
	reg.MustRegister(m.panics, m.documents, m.persisted, m.untrusted)
	for _, outcome := range []string{persistedFound, persistedNotFound, persistedStored} {
		m.persisted.WithLabelValues(outcome)
	}
	return m
}

// countDocument counts a document that had to be parsed, or had not.
func (m *metrics) countDocument(isNew bool) {
	outcome := "remembered"
	if isNew {
		outcome = "parsed"
	}
	m.documents.WithLabelValues(outcome).Inc()
}
