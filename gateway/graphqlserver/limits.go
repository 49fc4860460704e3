package graphqlserver

import (
	"fmt"
	"reflect"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"tributary/gateway/fault"
)

// Limits bound what one request may ask for. Each is an inclusive maximum and
// must be more than 0; the zero value stands for [DefaultLimits]. Limits that
// count "as written" count in the text of the document, those that count "in
// full" in the operation with its fragments expanded.
type Limits struct {
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

// DefaultLimits returns the default limits.
func DefaultLimits() Limits {
	return Limits{
		Body: 1 << 20, Values: 20_000, Tokens: 15_000, Selections: 2_000, Fragments: 200,
		Depth: 40, RootFields: 500, Aliases: 500, AliasLength: 128, Directives: 500,
		List: 2_000, Fields: 1_000_000, Calls: 1_000, Parts: 1_000, Response: 8 << 20,
	}
}

// Validate reports the first setting that cannot be used.
func (l Limits) Validate() error {
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

// limiter refuses what goes beyond limits, and counts that.
type limiter struct {
	Limits
	hits   *prometheus.CounterVec // by limit
	loaded int64                  // bytes that an operation may hold
}

// orDefault returns the limits, or the default ones for the zero value.
func (l Limits) orDefault() Limits {
	if l == (Limits{}) {
		return DefaultLimits()
	}
	return l
}

// newLimitHits returns the counter of limiters, with a series for each limit.
func newLimitHits(reg prometheus.Registerer) *prometheus.CounterVec {
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

// excess is what a request has too much of.
type excess struct {
	limit          string
	value, allowed int    // value is 0 where it was not counted to the end
	message        string // with both numbers, for people
	service        string // whose calls they are, if they are
}

// refuse refuses a request that has too much of something.
func (l *limiter) refuse(e excess) *Result {
	l.hits.WithLabelValues(e.limit).Inc()
	r := refuse(fault.TooComplex, gqlerror.List{{Message: e.message}})
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
func (l *limiter) check(limit string, value, allowed int, format string) *Result {
	if value <= allowed {
		return nil
	}
	return l.refuse(excess{limit: limit, value: value, allowed: allowed, message: fmt.Sprintf(format, value, allowed)})
}
