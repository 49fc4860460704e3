package graphqlserver

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	operations *prometheus.CounterVec
	panics     prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		operations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "graphql_operations_total",
			Help: "Operations by outcome: complete, partial (data with errors) or refused (not executed).",
		}, []string{"outcome"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "graphql_panics_total", Help: "Resolvers that panicked; each cost one field."}),
	}
	reg.MustRegister(m.operations, m.panics)
	return m
}
