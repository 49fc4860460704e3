package restservice

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// everyRoute is the route of a rule that applies to all routes.
const everyRoute = "*"

// maxLatency is the maximum latency of a rule. A rule with hang delays forever.
const maxLatency = 10 * time.Minute

// Rule injects faults into the requests of a route. Each is delayed by Latency; then
// the share ErrorRate of them fails with Status, and the others hang, are answered
// with garbage, are executed but not answered, or succeed.
type Rule struct {
	_         struct{} `additionalProperties:"false"`
	Route     string   `json:"route" doc:"The route to break, as method and path of this document, or * for all but /health, /metrics, /openapi.json and /_faults." example:"*"`
	Latency   string   `json:"latency,omitempty" doc:"How long to hold each request up, as a number with a unit, at most 10m." example:"200ms"`
	ErrorRate float64  `json:"error_rate,omitempty" minimum:"0" maximum:"1" doc:"The share of requests that fail, spread evenly: 0.5 is every second one." example:"0.5"`
	Status    int      `json:"status,omitempty" minimum:"400" maximum:"599" default:"503" doc:"The status that they fail with." example:"503"`
	Hang      bool     `json:"hang,omitempty" doc:"Give no answer until the client leaves or the service stops." example:"false"`
	Garbage   bool     `json:"garbage,omitempty" doc:"Answer 200 with bytes that are not JSON." example:"false"`
	Lost      bool     `json:"lost,omitempty" doc:"Execute the request, then close the connection without an answer." example:"false"`
}

// outcome is what a rule does to a request.
type outcome int

const (
	answered outcome = iota
	failed
	hung
	garbled
	lost
)

// million is the denominator of error rates, which are counted in integers to be exact.
const million = 1_000_000

// rule is a parsed Rule with its state.
type rule struct {
	Rule
	latency time.Duration
	share   int // of a million requests
	owed    int // failures that are due, in millionths
}

func (r *rule) fits(route string) bool { return r.Route == everyRoute || r.Route == route }

// next returns the outcome of the next request.
func (r *rule) next() outcome {
	if r.owed += r.share; r.owed >= million {
		r.owed -= million
		return failed
	}
	switch {
	case r.Hang:
		return hung
	case r.Garbage:
		return garbled
	case r.Lost:
		return lost
	}
	return answered
}

// parseRules validates rules for routes and parses them.
func parseRules(rules []Rule, routes []string) (parsed []*rule, mistakes []error) {
	for i, r := range rules {
		if r.Route != everyRoute && !slices.Contains(routes, r.Route) {
			mistakes = append(mistakes, &huma.ErrorDetail{
				Location: fmt.Sprintf("body[%d].route", i),
				Message:  "must be * or one of: " + strings.Join(routes, ", "),
			})
		}
		latency, err := parseLatency(r.Latency)
		if err != nil {
			mistakes = append(mistakes, &huma.ErrorDetail{
				Location: fmt.Sprintf("body[%d].latency", i),
				Message:  err.Error(),
			})
		}
		parsed = append(parsed, &rule{Rule: r, latency: latency, share: int(math.Round(r.ErrorRate * million))})
	}
	return parsed, mistakes
}

func parseLatency(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > maxLatency {
		return 0, fmt.Errorf("must be a duration from 0s to %s, such as 200ms", maxLatency)
	}
	return d, nil
}
