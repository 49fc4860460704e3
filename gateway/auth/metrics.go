package auth

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"
	"github.com/prometheus/client_golang/prometheus"
)

// The outcomes of requests with a token, or that lack one, as metrics name them.
const (
	outcomeAccepted    = "accepted"
	outcomeExpired     = "expired"
	outcomeInvalid     = "invalid"
	outcomeMissing     = "missing"
	outcomeUnavailable = "unavailable"
)

func outcomeOf(err error) string {
	switch {
	case err == nil:
		return outcomeAccepted
	case errors.Is(err, errNoKeys):
		return outcomeUnavailable
	case errors.Is(err, jwt.ErrTokenExpired):
		return outcomeExpired
	}
	return outcomeInvalid
}

type metrics struct {
	tokens  *prometheus.CounterVec // by outcome
	fetches *prometheus.CounterVec // by outcome
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "auth_tokens_total",
			Help: "Requests by outcome of their token: accepted, expired, invalid, missing (but required) or unavailable (no keys to verify it with).",
		}, []string{"outcome"}),
		fetches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "auth_key_fetches_total",
			Help: "Fetches of the identity provider's key set, by outcome: ok or failed.",
		}, []string{"outcome"}),
	}
	reg.MustRegister(m.tokens, m.fetches)
	for _, outcome := range []string{outcomeAccepted, outcomeExpired, outcomeInvalid, outcomeMissing, outcomeUnavailable} {
		m.tokens.WithLabelValues(outcome)
	}
	m.fetches.WithLabelValues("ok")
	m.fetches.WithLabelValues("failed")
	return m
}

func (m *metrics) fetched(err error) {
	if err != nil {
		m.fetches.WithLabelValues("failed").Inc()
		return
	}
	m.fetches.WithLabelValues("ok").Inc()
}

// ages is the collector of the key set's age.
func (*metrics) ages(k *keys) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "auth_keys_age_seconds",
		Help: "Time since the identity provider's key set was fetched. -1: there is none.",
	}, func() float64 {
		age, err := k.age()
		if err != nil {
			return -1
		}
		return age.Seconds()
	})
}
