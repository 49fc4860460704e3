package tracing

// A Step is the kind of a span.
type Step string

// The steps of a request.
const (
	Request   Step = "request"
	Operation Step = "operation"
	Parse     Step = "parse"
	Validate  Step = "validate"
	Execute   Step = "execute"
	Resolve   Step = "resolve"
	Batch     Step = "batch"
	Cache     Step = "cache"
	Refresh   Step = "refresh"
	Redis     Step = "redis"
	Call      Step = "call"
	Attempt   Step = "attempt"
)

// A Key names an attribute, following OpenTelemetry's semantic conventions where they
// have one.
type Key string

// The attributes of spans.
const (
	StepKey   Key = "tributary.step"
	RequestID Key = "tributary.request_id"
	Service   Key = "tributary.service" // that is called
	Outcome   Key = "tributary.outcome" // ok, or the reason of failure; of a cache lookup, where the keys were found
	Keys      Key = "tributary.keys"    // how many
	Waited    Key = "tributary.waited_ms"
	Count     Key = "tributary.count" // how many places of the response the span covers

	Kind       Key = "tributary.cache.kind"
	FromMemory Key = "tributary.cache.memory" // how many keys were fresh in memory
	FromRedis  Key = "tributary.cache.redis"
	Stale      Key = "tributary.cache.stale"     // served stale
	Missed     Key = "tributary.cache.miss"      // loaded from the service
	Coalesced  Key = "tributary.cache.coalesced" // joined a load in flight
	Failed     Key = "tributary.cache.failed"

	AttemptKind Key = "tributary.attempt" // first, retry, hedge or probe
	Write       Key = "tributary.write"   // "true" for a call that changes something, and its attempts
	Written     Key = "tributary.written" // of such a call: executed, not_executed or unknown
	Resend      Key = "http.request.resend_count"
	Method      Key = "http.request.method"
	Route       Key = "http.route"   // of an incoming request
	Template    Key = "url.template" // of an outgoing request
	Status      Key = "http.response.status_code"
	Bytes       Key = "http.response.body.size"
	Server      Key = "server.address"
	Port        Key = "server.port"
	Database    Key = "db.system.name"
	ErrorType   Key = "error.type"

	OperationType Key = "graphql.operation.type"
	OperationName Key = "graphql.operation.name" // of registered operations only
	Field         Key = "graphql.field"          // Type.field

	// Details, which are never exported.
	KeyList Key = "tributary.key_list"
	Path    Key = "url.path"

	// Details of an attempt, see [Span.Detail].
	Sent     Key = "tributary.sent"     // the request, readable
	Received Key = "tributary.received" // its response
)
