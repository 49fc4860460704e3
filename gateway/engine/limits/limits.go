// Package limits bounds what one request may ask for: its body and its document before they
// are executed, and its response while it is being made.
package limits

import (
	"fmt"
	"reflect"

	"github.com/prometheus/client_golang/prometheus"

	"tributary/gateway/admission"
	"tributary/gateway/engine/refusal"
	"tributary/gateway/execute"
	"tributary/gateway/fault"
	"tributary/gateway/lookahead"
)

// Config has the limits of one request. Each is an inclusive maximum and
// must be more than 0; the zero value stands for [Default]. Limits that
// count "as written" count in the text of the document, those that count "in
// full" in the operation with its fragments expanded.
type Config struct {
	Body        int `name:"graphql-max-body" default:"1048576" reload:"" help:"Maximum size of a request body, in bytes."`
	Values      int `name:"graphql-max-values" default:"20000" reload:"" help:"Maximum number of JSON values in a request, counted before they are decoded."`
	Tokens      int `name:"graphql-max-tokens" default:"15000" reload:"" help:"Maximum number of tokens in a document."`
	Selections  int `name:"graphql-max-selections" default:"2000" reload:"" help:"Maximum number of fields and fragments that a document selects, as written."`
	Fragments   int `name:"graphql-max-fragments" default:"200" reload:"" help:"Maximum number of fragment definitions in a document."`
	Depth       int `name:"graphql-max-depth" default:"40" reload:"" help:"Maximum nesting of fields."`
	RootFields  int `name:"graphql-max-root-fields" default:"500" reload:"" help:"Maximum number of root fields."`
	Aliases     int `name:"graphql-max-aliases" default:"500" reload:"" help:"Maximum number of aliases."`
	AliasLength int `name:"graphql-max-alias-length" default:"128" reload:"" help:"Maximum length of an alias, in bytes."`
	Directives  int `name:"graphql-max-directives" default:"500" reload:"" help:"Maximum number of directives."`
	List        int `name:"graphql-max-list" default:"2000" reload:"" help:"Maximum length of a list in an argument or a variable."`
	Fields      int `name:"graphql-max-fields" default:"1000000" reload:"" help:"Maximum number of fields of a response, estimated before execution and counted during it."`
	Calls       int `name:"graphql-max-calls" default:"1000" reload:"" help:"Maximum number of calls to each service that an operation may need with a cold cache."`
	Parts       int `name:"graphql-max-parts" default:"1000" reload:"" help:"Maximum number of parts of an incremental response. Further @defer are not deferred."`
	Response    int `name:"graphql-max-response" default:"8388608" reload:"" help:"Maximum size of a response, in bytes."`
}

// Default returns the default limits.
func Default() Config {
	return Config{
		Body: 1 << 20, Values: 20_000, Tokens: 15_000, Selections: 2_000, Fragments: 200,
		Depth: 40, RootFields: 500, Aliases: 500, AliasLength: 128, Directives: 500,
		List: 2_000, Fields: 1_000_000, Calls: 1_000, Parts: 1_000, Response: 8 << 20,
	}
}

// Validate reports the first setting that cannot be used.
func (l Config) Validate() error {
	v := reflect.ValueOf(l)
	for i := range v.NumField() {
		if v.Field(i).Int() <= 0 {
			return fmt.Errorf("%s must be more than 0", v.Type().Field(i).Tag.Get("name"))
		}
	}
	return nil
}

// The limits by the names that they have in errors and metrics.
const (
	limitBody        = "body"
	limitValues      = "values"
	limitTokens      = "tokens"
	limitSelections  = "selections"
	limitFragments   = "fragments"
	limitDepth       = "depth"
	limitRootFields  = "root_fields"
	limitAliases     = "aliases"
	limitAliasLength = "alias_length"
	limitDirectives  = "directives"
	limitList        = "list"
	limitFields      = "fields"
	limitCalls       = "calls"
	limitResponse    = "response"
	limitLoaded      = "loaded"
)

// Checker refuses requests that exceed limits, and counts them. It is immutable and safe for
// concurrent use.
type Checker struct {
	Config

	hits   *prometheus.CounterVec // by limit
	loaded int64                  // bytes of loaded data that an operation may hold
	memory *execute.Memory        // for responses in flight
}

// NewChecker returns a checker that counts in hits, see [NewHits]. The responses of all
// operations together take at most the memory of responses.
func NewChecker(cfg Config, hits *prometheus.CounterVec, responses *admission.Budget) *Checker {
	c := &Checker{Config: cfg.OrDefault(), hits: hits}
	c.loaded = max(responses.Size()/2, int64(c.ResponseMemory()))
	c.memory = execute.NewMemory(responses, c.loaded)
	return c
}

// OrDefault returns the limits, or the default ones for the zero value.
func (l Config) OrDefault() Config {
	if l == (Config{}) {
		return Default()
	}
	return l
}

// NewHits returns the counter of checkers, with a series for each limit.
func NewHits(reg prometheus.Registerer) *prometheus.CounterVec {
	hits := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "graphql_limit_hits_total", Help: "Requests rejected because they exceeded a limit, by limit.",
	}, []string{"limit"})
	reg.MustRegister(hits)
	for _, limit := range []string{
		limitBody, limitValues, limitTokens, limitSelections, limitFragments, limitDepth,
		limitRootFields, limitAliases, limitDirectives, limitList, limitFields, limitCalls, limitAliasLength, limitResponse, limitLoaded,
	} {
		hits.WithLabelValues(limit)
	}
	return hits
}

// violation is a limit that a request exceeds.
type violation struct {
	limit          string
	value, allowed int    // value is 0 where it was not counted to the end
	message        string // with both numbers, for people
	service        string // whose calls they are, if they are
}

// refuse counts a violation and returns the refusal for it.
func (c *Checker) refuse(e violation) *refusal.Refusal {
	c.hits.WithLabelValues(e.limit).Inc()
	r := refusal.Of(fault.TooComplex, e.message)
	r.Errors[0].Extensions["limit"] = e.limit
	r.Errors[0].Extensions["allowed"] = e.allowed
	if e.value > 0 {
		r.Errors[0].Extensions["value"] = e.value
	}
	if e.service != "" {
		r.Errors[0].Extensions["service"] = e.service
	}
	return r
}

// check refuses a value that is more than is allowed; format has a verb for each.
func (c *Checker) check(limit string, value, allowed int, format string) *refusal.Refusal {
	if value <= allowed {
		return nil
	}
	return c.refuse(violation{limit: limit, value: value, allowed: allowed, message: fmt.Sprintf(format, value, allowed)})
}

// BodyTooLong counts a request whose body exceeds the limit.
func (c *Checker) BodyTooLong() { c.hits.WithLabelValues(limitBody).Inc() }

// ValueBytes is the memory of one decoded JSON value besides its text, in bytes, at most:
// measured on lists of objects with one member each.
const ValueBytes = 200

// LargestRequest returns the most memory that one request takes, in bytes.
func (l Config) LargestRequest() int {
	const most = 1 << 40 // beyond any memory
	return min(l.Body, most) + min(l.Values, most)*ValueBytes
}

// CheckValues refuses a request with more than the permitted number of JSON values.
func (c *Checker) CheckValues(n int) *refusal.Refusal {
	return c.check(limitValues, n, c.Values, "the request has %d JSON values, more than %d")
}

// CheckCalls refuses an operation that may need too many calls to a service.
func (c *Checker) CheckCalls(cost *lookahead.Cost) *refusal.Refusal {
	for _, s := range cost.Services {
		if s.AtMost > c.Calls {
			return c.refuse(violation{
				limit: limitCalls, value: s.AtMost, allowed: c.Calls, service: s.Service,
				message: fmt.Sprintf("the operation may cost %d calls to the %s service, more than %d", s.AtMost, s.Service, c.Calls),
			})
		}
	}
	return nil
}
