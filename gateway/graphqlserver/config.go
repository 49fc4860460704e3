// Package graphqlserver answers GraphQL over HTTP.
package graphqlserver

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"tributary/gateway/admission"
	"tributary/gateway/trusted"
)

// Config is what an operator may set about the GraphQL endpoint. The zero value
// has the default limits, remembers no documents and trusts all.
type Config struct {
	Introspection bool `name:"introspection" help:"Answer introspection queries."`
	Playground    bool `name:"playground" help:"Serve the playground at /playground."`
	Trace         bool `name:"graphql-trace" negatable:"" help:"Tell clients that send the header Tributary-Trace how their operation was answered, in extensions.trace."`
	Cost          bool `name:"graphql-cost" negatable:"" help:"Tell clients that send the header Tributary-Cost what their operation costs in calls to the services, in extensions.cost."`

	Limits    Limits           `embed:""`
	Admission admission.Config `embed:""`
	Streams   StreamConfig     `embed:""`

	Batching int `name:"graphql-batching" default:"0" help:"How many requests may come in one list. 0: lists are refused."`

	DocumentsMB  int           `name:"graphql-documents-mb" default:"16" help:"How many MiB of parsed documents are remembered at most."`
	Persisted    bool          `name:"graphql-persisted" default:"true" negatable:"" help:"Let clients send the hash of a document that they have sent before (automatic persisted queries)."`
	PersistedTTL time.Duration `name:"graphql-persisted-ttl" default:"24h" help:"How long Redis keeps such a document for all gateways."`
	Manifests    []string      `name:"graphql-trusted-documents" placeholder:"FILE,..." help:"Manifests of trusted documents, as the tools of Apollo, GraphQL Code Generator and Relay write them."`
	TrustedMode  string        `name:"graphql-trusted-mode" default:"off" help:"What is done about other documents: off (nothing), log (they are counted, and logged when they are new) or enforce (they are refused)."`

	Trusted  *trusted.Documents       `kong:"-"` // nil: none
	Operator func(*http.Request) bool `kong:"-"` // whether a client may see traces everywhere; nil: none may
	Texts    Texts                    `kong:"-"` // where other gateways find persisted documents; nil: nowhere
}

// registered are the documents that are known beforehand: metrics may name
// their operations.
func (c Config) registered() map[hash]bool {
	known := map[hash]bool{}
	c.Trusted.Each(func(_, text string) { known[hashOf(text)] = true })
	return known
}

// Validate reports the first setting that cannot be used.
func (c Config) Validate() error {
	switch {
	case c.Batching < 0:
		return errors.New("graphql-batching must not be negative")
	case c.DocumentsMB < 0:
		return errors.New("graphql-documents-mb must not be negative")
	case c.PersistedTTL <= 0:
		return errors.New("graphql-persisted-ttl must be more than 0")
	case !slices.Contains([]string{trustOff, trustLog, trustEnforce}, c.TrustedMode):
		return fmt.Errorf("graphql-trusted-mode must be %s, %s or %s", trustOff, trustLog, trustEnforce)
	}
	return nil
}
