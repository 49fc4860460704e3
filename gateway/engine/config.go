package engine

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tributary/gateway/admission"
	"tributary/gateway/engine/document"
	"tributary/gateway/engine/limits"
	"tributary/gateway/heap"
)

// Config has the settings of the engine and of GraphQL over HTTP. The zero value has the default
// limits, caches no documents and executes every document.
type Config struct {
	Introspection bool `name:"introspection" help:"Answer introspection queries."`
	Playground    bool `name:"playground" help:"Serve the playground at /playground, and the example front end at /example."`
	Trace         bool `name:"graphql-trace" negatable:"" help:"Return a trace of the operation in extensions.trace to clients that send the header Tributary-Trace."`
	Cost          bool `name:"graphql-cost" negatable:"" help:"Return the cost of the operation, in upstream calls, in extensions.cost to clients that send the header Tributary-Cost."`

	Limits    limits.Config    `embed:"" group:"GraphQL limits"`
	Admission admission.Config `embed:"" group:"Overload"`

	Batching int `name:"graphql-batching" default:"0" help:"Maximum number of operations in one batched HTTP request. 0: batches are rejected."`

	DocumentsMB  int           `name:"graphql-documents-mb" default:"16" help:"Maximum size of the cache of parsed documents, in MiB."`
	Persisted    bool          `name:"graphql-persisted" default:"true" negatable:"" help:"Support automatic persisted queries."`
	PersistedTTL time.Duration `name:"graphql-persisted-ttl" default:"24h" help:"How long Redis keeps a persisted query for all gateways."`
	Manifests    []string      `name:"graphql-trusted-documents" reload:"" placeholder:"FILE,..." help:"Manifests of trusted documents, as written by the tools of Apollo, GraphQL Code Generator and Relay."`
	TrustedMode  string        `name:"graphql-trusted-mode" default:"off" reload:"" help:"How to treat documents that are not trusted: off (execute them), log (execute, count and log them) or enforce (reject them)."`
}

// Budgets returns the memory that the settings permit to documents and requests. The size
// of a document is an estimate of what it keeps alive, which is at most twice as much.
func (c Config) Budgets() []heap.Budget {
	return append(c.Admission.Budgets(), heap.InMiB("BFF_GRAPHQL_DOCUMENTS_MB", c.DocumentsMB, 2))
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
	case !slices.Contains(document.Modes(), document.Mode(c.TrustedMode)):
		return fmt.Errorf("graphql-trusted-mode must be %s, %s or %s", document.TrustOff, document.TrustLog, document.TrustEnforce)
	}
	return nil
}
