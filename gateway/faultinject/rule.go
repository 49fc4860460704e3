// Package faultinject injects faults into requests, by rules that can be changed at run time.
// Services apply them to incoming requests and gateways, in development, to outgoing calls. It is
// for demonstrations and tests.
package faultinject

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"tributary/gateway/rest"
)

// EveryRoute is the route of a rule that applies to all routes.
const EveryRoute = "*"

// MaxLatency is the maximum latency of a rule. A rule with hang delays forever.
const MaxLatency = 10 * time.Minute

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

// Outcome is what a rule does to a request.
type Outcome int

// The outcomes.
const (
	Answered Outcome = iota // as without a rule
	Failed                  // with the rule's status
	Hung                    // not answered
	Garbled                 // answered with what is not JSON
	Lost                    // executed, and not answered
)

// A RuleError is what is wrong with a rule.
type RuleError struct {
	Rule    int    // its index
	Member  string // in JSON
	Message string
}

// Rules are the rules in force, the first of which that applies to a request decides. The
// zero value has none. Rules is safe for concurrent use.
type Rules struct {
	mu    sync.Mutex
	rules []*rule
}

// million is the denominator of error rates, which are counted in integers to be exact.
const million = 1_000_000

// rule is a Rule with its state.
type rule struct {
	Rule
	latency time.Duration
	share   int // of a million requests
	owed    int // failures that are due, in millionths
}

// Set replaces the rules, unless there is a mistake in one of the new ones. A rule may name
// the given routes; nil stands for all.
func (r *Rules) Set(rules []Rule, routes []string) (mistakes []RuleError) {
	parsed := make([]*rule, len(rules))
	for i, given := range rules {
		if routes != nil && given.Route != EveryRoute && !contains(routes, given.Route) {
			mistakes = append(mistakes, RuleError{i, "route", "must be * or one of: " + strings.Join(routes, ", ")})
		}
		latency, err := parseLatency(given.Latency)
		if err != nil {
			mistakes = append(mistakes, RuleError{i, "latency", err.Error()})
		}
		parsed[i] = &rule{Rule: given, latency: latency, share: int(math.Round(given.ErrorRate * million))}
	}
	if len(mistakes) > 0 {
		return mistakes
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rules = parsed
	return nil
}

// List returns the rules in force.
func (r *Rules) List() []Rule {
	r.mu.Lock()
	defer r.mu.Unlock()
	rules := make([]Rule, len(r.rules))
	for i, of := range r.rules {
		rules[i] = of.Rule
	}
	return rules
}

// Decide returns what happens to the next request of a route: it is held up by latency, and
// then has the outcome, with the status if that is [Failed].
func (r *Rules) Decide(route string) (latency time.Duration, o Outcome, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, of := range r.rules {
		if of.Route == EveryRoute || rest.Plain(of.Route) == rest.Plain(route) {
			return of.latency, of.next(), of.Status
		}
	}
	return 0, Answered, 0
}

// next returns the outcome of the next request.
func (r *rule) next() Outcome {
	if r.owed += r.share; r.owed >= million {
		r.owed -= million
		return Failed
	}
	switch {
	case r.Hang:
		return Hung
	case r.Garbage:
		return Garbled
	case r.Lost:
		return Lost
	}
	return Answered
}

func parseLatency(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > MaxLatency {
		return 0, fmt.Errorf("must be a duration from 0s to %s, such as 200ms", MaxLatency)
	}
	return d, nil
}

func contains(routes []string, route string) bool {
	for _, r := range routes {
		if rest.Plain(r) == rest.Plain(route) {
			return true
		}
	}
	return false
}
